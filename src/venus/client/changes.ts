import type { Fid } from '../../ipc/fid.ts';
import type { FileType } from '../../ipc/venus.ts';
import { fail } from '../fail.ts';
import type { Mutation } from '../net/mutation.ts';
import type { Writer } from '../store/database.ts';
import { checkNewName } from '../tree/change.ts';
import { parentFor } from '../tree/make.ts';
import { checkMove } from '../tree/rename.ts';
import { fileToStore } from '../tree/store.ts';
import { sameFid, type Vnode } from '../tree/vnodes.ts';
import { CHANGE } from './cache/replacement.ts';
import { type NewMutation, OvertakenError } from './clientTree.ts';
import type { Contents } from '../tree/apply.ts';
import type { UserSession } from './userSession.ts';

interface Name {
  readonly directory: Fid;
  readonly name: string;
}

/** Something new. */
interface NewName extends Name {
  readonly mode: number;
  /** A fid that was set aside for it before, and that nothing has. */
  readonly fid?: Fid | undefined;
}

/** What one local user changes in the tree of a client. Each change is here and in the log when it resolves. */
export class Changes {
  readonly #session: UserSession;

  constructor(session: UserSession) {
    this.#session = session;
  }

  makeDirectory(request: NewName): Promise<void> {
    const { directory, name, mode } = request;
    return this.#make(request, 'directory', (fid) => [
      { mutation: { op: 'mkdir', parent: directory, name, fid, mode } },
    ]);
  }

  makeSymlink(request: NewName & { readonly target: string }): Promise<void> {
    const { directory, name, target, mode } = request;
    return this.#make(request, 'symlink', (fid) => [
      { mutation: { op: 'symlink', parent: directory, name, fid, target, mode } },
    ]);
  }

  /** A new file with its contents. */
  makeFile(request: NewName, contents: Contents, modified?: number): Promise<void> {
    const { directory, name, mode } = request;
    return this.#make(request, 'file', (fid) => [
      { mutation: { op: 'create', parent: directory, name, fid, mode } },
      ...(contents.length > 0 ? [storeOf(fid, contents)] : []),
      ...timeOf(fid, modified),
    ]);
  }

  /** New contents of a file. @param modified milliseconds since 1970, if it is not to be the time of the store */
  store(fid: Fid, contents: Contents, modified?: number): Promise<void> {
    return retried(() =>
      this.#change(fid.volume, [fid], () => [storeOf(fid, contents), ...timeOf(fid, modified)]),
    );
  }

  link({ directory, name }: Name, fid: Fid): Promise<void> {
    return retried(async () => {
      await this.#session.complete(directory);
      await this.#change(directory.volume, [fid], () => [
        { mutation: { op: 'link', parent: directory, name, fid } },
      ]);
    });
  }

  /** Moves a name. What the new name stands for is removed before. */
  rename(from: Name, to: Name): Promise<void> {
    return retried(() => this.#rename(from, to));
  }

  remove(name: Name): Promise<void> {
    return retried(() => this.#remove(name));
  }

  async #rename(from: Name, to: Name): Promise<void> {
    if (from.directory.volume !== to.directory.volume) fail('EXDEV');
    const moved = await this.#session.lookup(from.directory, from.name);
    await this.#session.complete(to.directory);
    const replaced = this.#child(to);
    if (replaced && sameFid(replaced, moved.fid)) return;
    await this.#change(from.directory.volume, [moved.fid, ...(replaced ? [replaced] : [])], () => {
      this.#expect(from, moved.fid);
      this.#expect(to, replaced);
      const victim = replaced && this.#vnodes.vnode(replaced);
      const [source, target] = [from, to].map(({ directory }) => this.#vnodes.directory(directory));
      if (source && target) checkMove(this.#vnodes, this.#vnodes.vnode(moved.fid), source, target, victim);
      const rename = {
        op: 'rename',
        fromParent: from.directory,
        fromName: from.name,
        toParent: to.directory,
        toName: to.name,
        fid: moved.fid,
      } as const;
      return [...(victim ? [removalOf(to, victim)] : []), { mutation: rename }];
    });
  }

  async #remove(name: Name): Promise<void> {
    const { fid } = await this.#session.lookup(name.directory, name.name);
    await this.#change(fid.volume, [fid], () => {
      this.#expect(name, fid);
      return [removalOf(name, this.#vnodes.vnode(fid))];
    });
  }

  async setStatus(
    fid: Fid,
    {
      mode,
      owner,
      modified,
    }: { readonly mode?: number; readonly owner?: number; readonly modified?: number },
  ): Promise<void> {
    const mutations: Mutation[] = [];
    if (owner !== undefined) mutations.push({ op: 'chown', fid, owner });
    if (mode !== undefined) mutations.push({ op: 'chmod', fid, mode });
    if (modified !== undefined) mutations.push({ op: 'utimes', fid, modified });
    for (const mutation of mutations)
      await retried(() => this.#change(fid.volume, [fid], () => [{ mutation }]));
  }

  /** @throws VenusError EISDIR, EACCES where contents would be refused */
  async checkStore(fid: Fid): Promise<void> {
    const vnode = await this.#session.client.tree.cache.object(this.#session.asker(), fid);
    await this.#session.client.tree.cache.ruler(this.#session.asker(), vnode);
    fileToStore({ vnodes: this.#vnodes, identity: this.#session.identity() }, fid);
  }

  /** @throws VenusError EEXIST, EACCES where a new file would be refused */
  async checkMake({ directory, name }: Name): Promise<void> {
    await this.#session.complete(directory);
    const parent = parentFor({ vnodes: this.#vnodes, identity: this.#session.identity() }, directory);
    checkNewName(this.#vnodes, parent, name);
  }

  #make(
    { directory, fid }: NewName,
    type: FileType,
    plan: (fid: Fid) => readonly NewMutation[],
  ): Promise<void> {
    const { client } = this.#session;
    return retried(async () => {
      await this.#session.complete(directory);
      await client.fids.provide(directory.volume);
      const release = await client.tree.cache.replacement.admit(1, CHANGE);
      try {
        await this.#change(directory.volume, [], (writer) =>
          plan(fid ?? client.fids.next(writer, directory.volume, type)),
        );
      } finally {
        release();
      }
    });
  }

  /** @param involved objects that must be here */
  #change(
    volume: number,
    involved: readonly Fid[],
    plan: (writer: Writer) => readonly NewMutation[],
  ): Promise<void> {
    return this.#session.takeTurn(() => this.#changeNow(volume, involved, plan));
  }

  async #changeNow(
    volume: number,
    involved: readonly Fid[],
    plan: (writer: Writer) => readonly NewMutation[],
  ): Promise<void> {
    const { client, uid } = this.#session;
    const { cache } = client.tree;
    for (const fid of involved)
      await cache.ruler(this.#session.asker(), await cache.object(this.#session.asker(), fid));
    const { patience } = this.#session;
    // Where servers cannot be reached, logs grow as they have to.
    if ((await client.serverOf(volume)).isUp) await client.throttle.admit(volume, patience);
    const release = await client.owners.enter(volume, uid, patience);
    try {
      await client.storeIds.provide();
      await client.learnName(this.#session.asker().viceId);
      const author = { uid, identity: this.#session.identity(), now: client.now() };
      const isSynchronous = client.settings.isSynchronous(volume);
      const isSentAtOnce = isSynchronous && (await client.serverOf(volume)).isUp;
      const changed = await client.tree.change(volume, author, isSentAtOnce, plan);
      const { sequences, unused, stored } = changed;
      const performed = isSentAtOnce
        ? client.reintegrator.performed(volume, sequences)
        : Promise.resolve(void client.reintegrator.kick(volume));
      for (const fid of stored) client.files.noteChange(fid);
      client.volumeStates.note(volume);
      await Promise.all([performed, ...unused.map((container) => client.containers.remove(container))]);
    } finally {
      release();
    }
  }

  #child({ directory, name }: Name): Fid | undefined {
    const entry = this.#vnodes.entry(directory, name);
    return entry && { ...entry, volume: directory.volume };
  }

  /** What a name stood for when a change was planned, it must stand for still when it is made. */
  #expect(name: Name, planned: Fid | undefined): void {
    const present = this.#child(name);
    const isSame = present && planned ? sameFid(present, planned) : present === planned;
    if (!isSame) throw new OvertakenError();
  }

  get #vnodes() {
    return this.#session.client.tree.cache.vnodes;
  }
}

/** Plans and makes a change until nobody has come in between. */
async function retried(change: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await change();
      return;
    } catch (error) {
      if (!(error instanceof OvertakenError)) throw error;
    }
  }
}

function storeOf(fid: Fid, { length, container }: Contents): NewMutation {
  return { mutation: { op: 'store', fid, length }, container };
}

function timeOf(fid: Fid, modified: number | undefined): readonly NewMutation[] {
  return modified === undefined ? [] : [{ mutation: { op: 'utimes', fid, modified } }];
}

function removalOf({ directory, name }: Name, { fid, type, linkCount }: Vnode): NewMutation {
  const common = { parent: directory, name, fid };
  return {
    mutation: type === 'directory' ? { op: 'rmdir', ...common } : { op: 'remove', ...common, linkCount },
  };
}
