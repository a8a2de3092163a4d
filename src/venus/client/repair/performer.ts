import type { Fid } from '../../../ipc/fid.ts';
import { isErrno } from '../../../ipc/errors.ts';
import type { Obstruction, PreserveHow } from '../../../ipc/repairs.ts';
import type { Mutation } from '../../net/mutation.ts';
import type { Contents } from '../../tree/apply.ts';
import { sameFid } from '../../tree/vnodes.ts';
import { Changes } from '../changes.ts';
import type { ClientTree } from '../clientTree.ts';
import type { LogRecord } from '../log/record.ts';
import type { UserSession } from '../userSession.ts';
import type { FidMap, MappedFid } from './fidMap.ts';

interface PerformerOptions {
  /** The client's own view, in which the log was made. */
  readonly main: ClientTree;
  /** The workspace as the owner of the log sees it. */
  readonly session: UserSession;
  readonly map: FidMap;
  /** A copy of what a store of the log brings, in the workspace. */
  readonly contentsOf: (record: LogRecord) => Promise<Contents>;
}

/** What became of a mutation that something was in the way of. */
export type Outcome =
  | { readonly kind: 'performed'; readonly mapped: readonly MappedFid[] }
  /** What others did stays instead. */
  | { readonly kind: 'left out' };

const LEFT_OUT: Outcome = { kind: 'left out' };

const EMPTY: Contents = { length: 0, container: undefined };
const FILE_MODE = 0o644;

/**
 * Makes the mutations of a log in a workspace. What others have there, or had once, gets another fid: each step answers which
 * of them stand for those of the log from then on. All throw VenusError.
 */
export class Performer {
  readonly #options: PerformerOptions;
  readonly #changes: Changes;

  constructor(options: PerformerOptions) {
    this.#options = options;
    this.#changes = new Changes(options.session);
  }

  /** A mutation that nothing is in the way of. @param name the new name, if it is to be another one */
  async plainly(record: LogRecord, name?: string): Promise<readonly MappedFid[]> {
    const mutation = this.#options.map.apply(record.mutation);
    const { fid } = mutation;
    switch (mutation.op) {
      case 'create':
      case 'mkdir':
      case 'symlink':
        return this.#make(record.mutation.fid, { ...mutation, name: name ?? mutation.name }, EMPTY);
      case 'store':
        await this.#changes.store(fid, await this.#options.contentsOf(record));
        await this.#changes.setStatus(fid, { modified: record.time });
        break;
      case 'link':
        await this.#changes.link({ directory: mutation.parent, name: name ?? mutation.name }, fid);
        break;
      case 'rename':
        await this.#rename(mutation, name);
        break;
      case 'remove':
      case 'rmdir':
        await this.#changes.remove({ directory: mutation.parent, name: mutation.name });
        break;
      case 'chmod':
        await this.#changes.setStatus(fid, { mode: mutation.mode });
        break;
      case 'chown':
        await this.#changes.setStatus(fid, { owner: mutation.owner });
        break;
      case 'utimes':
        await this.#changes.setStatus(fid, { modified: mutation.modified });
        break;
    }
    return [];
  }

  /**
   * The effect of a mutation although something is in its way.
   * @returns nothing if that goes beyond what the decision covers
   */
  async against(record: LogRecord, obstruction: Obstruction, how: PreserveHow): Promise<Outcome | undefined> {
    switch (obstruction) {
      case 'exists':
        return performed(await this.#againstExisting(record, how));
      case 'updated':
        return this.#againstUpdated(record, how);
      case 'gone':
        return performed(await this.#againstGone(record));
      case 'missing':
        return performed(await this.#againstMissing(record));
      case 'not empty':
        return how.onConflict === 'replace' ? performed(await this.#againstNotEmpty(record)) : LEFT_OUT;
      case 'denied':
      case 'no room':
      case 'dependent':
      case 'unreachable':
        return undefined;
    }
  }

  /** The directory of the workspace that stands for one that a discarded mutation would have made, if there is one. */
  async standIn(record: LogRecord): Promise<readonly MappedFid[]> {
    const mutation = this.#options.map.apply(record.mutation);
    if (mutation.op !== 'mkdir') return [];
    const present = await this.#present(mutation.parent, mutation.name);
    return present?.type === 'directory' ? [{ from: record.mutation.fid, to: present.fid }] : [];
  }

  /** Directories merge; a file takes the contents of the one that is there; else what is there goes. */
  async #againstExisting(record: LogRecord, how: PreserveHow): Promise<readonly MappedFid[] | undefined> {
    const mutation = this.#options.map.apply(record.mutation);
    const place = newNameOf(mutation);
    const present = place && (await this.#present(place.directory, place.name));
    if (!place || !present) return undefined;
    const standsFor = [{ from: record.mutation.fid, to: present.fid }];
    if (mutation.op === 'mkdir' && present.type === 'directory') return standsFor;
    if (how.onConflict === 'rename') return this.plainly(record, how.name);
    if (mutation.op === 'create' && present.type === 'file') return standsFor;
    if (present.type === 'directory') await this.#empty(present.fid);
    await this.#changes.remove(place);
    return this.plainly(record);
  }

  /** What others stored is replaced, or stays by its name beside what was stored here. */
  async #againstUpdated(record: LogRecord, how: PreserveHow): Promise<Outcome | undefined> {
    const { mutation } = record;
    if (how.onConflict === 'replace' || mutation.op === 'rename')
      return performed(await this.plainly(record));
    if (mutation.op !== 'store') return LEFT_OUT;
    const { parent } = await this.#options.session.status(this.#options.map.of(mutation.fid));
    return performed(parent && (await this.#makeFile(record, parent, how.name)));
  }

  /** What the servers have no more is made again, with the directories above it. */
  async #againstGone(record: LogRecord): Promise<readonly MappedFid[] | undefined> {
    const { main } = this.#options;
    const { mutation } = record;
    switch (mutation.op) {
      case 'chmod':
      case 'chown':
      case 'utimes':
      case 'remove':
      case 'rmdir':
        return [];
      case 'store': {
        const parent = main.cache.vnodes.find(mutation.fid)?.parent;
        const made = parent && (await this.#ensureDirectory(parent));
        if (!made) return undefined;
        return [...made.mapped, ...(await this.#makeFile(record, made.fid, lastName(record.path)))];
      }
      case 'create':
      case 'mkdir':
      case 'symlink': {
        const made = await this.#ensureDirectory(mutation.parent);
        if (!made) return undefined;
        const below = { ...mutation, parent: made.fid };
        return [...made.mapped, ...(await this.#make(mutation.fid, below, EMPTY))];
      }
      case 'link':
      case 'rename':
        return undefined;
    }
  }

  /** What is to be removed is gone already; what is to be moved is moved from where it is now. */
  async #againstMissing(record: LogRecord): Promise<readonly MappedFid[] | undefined> {
    const { session, map } = this.#options;
    const mutation = map.apply(record.mutation);
    if (mutation.op !== 'rename') return [];
    try {
      const { parent } = await session.status(mutation.fid);
      if (!parent) return undefined;
      await this.#rename({ ...mutation, fromParent: parent, fromName: await session.nameOf(mutation.fid) });
      return [];
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** All that others put into a directory goes with it. */
  async #againstNotEmpty(record: LogRecord): Promise<readonly MappedFid[]> {
    await this.#empty(this.#options.map.of(record.mutation.fid));
    return this.plainly(record);
  }

  async #empty(directory: Fid): Promise<void> {
    const { session } = this.#options;
    await session.complete(directory);
    for (const { name, entry } of [...session.client.tree.cache.vnodes.entries(directory)]) {
      if (entry.type === 'directory') await this.#empty({ ...entry, volume: directory.volume });
      await this.#changes.remove({ directory, name });
    }
  }

  async #makeFile(record: LogRecord, directory: Fid, name: string): Promise<readonly MappedFid[]> {
    const contents = await this.#options.contentsOf(record);
    const mutation = { op: 'create', parent: directory, name, mode: FILE_MODE } as const;
    const made = await this.#make(record.mutation.fid, mutation, contents);
    for (const { to } of made) await this.#changes.setStatus(to, { modified: record.time });
    return made;
  }

  async #make(from: Fid, mutation: NewObject, contents: Contents): Promise<readonly MappedFid[]> {
    const { name, mode } = mutation;
    const place = { directory: mutation.parent, name };
    const made = { ...place, mode, fid: mutation.fid };
    if (mutation.op === 'mkdir') await this.#changes.makeDirectory(made);
    else if (mutation.op === 'symlink') await this.#changes.makeSymlink({ ...made, target: mutation.target });
    else await this.#changes.makeFile(made, contents);
    const { fid } = await this.#options.session.lookup(place.directory, name);
    return [{ from, to: fid }];
  }

  #rename(
    { fromParent, fromName, toParent, toName }: Extract<Mutation, { op: 'rename' }>,
    name = toName,
  ): Promise<void> {
    return this.#changes.rename({ directory: fromParent, name: fromName }, { directory: toParent, name });
  }

  /** A directory of the client's view in the workspace; made again, with those above it, if it is not there. */
  async #ensureDirectory(
    directory: Fid,
  ): Promise<{ readonly fid: Fid; readonly mapped: readonly MappedFid[] } | undefined> {
    const { main, map } = this.#options;
    const here = map.of(directory);
    if (await this.#isThere(here)) return { fid: here, mapped: [] };
    const vnode = main.cache.vnodes.find(directory);
    const name = vnode && main.cache.vnodes.nameOf(vnode);
    if (!vnode?.parent || name === undefined) return undefined;
    const above = await this.#ensureDirectory(vnode.parent);
    if (!above) return undefined;
    const present = await this.#present(above.fid, name);
    if (present && present.type !== 'directory') return undefined;
    const mapped = present
      ? [{ from: directory, to: present.fid }]
      : await this.#make(directory, { op: 'mkdir', parent: above.fid, name, mode: vnode.mode }, EMPTY);
    const fid = mapped.find(({ from }) => sameFid(from, directory))?.to;
    return fid && { fid, mapped: [...above.mapped, ...mapped] };
  }

  async #isThere(directory: Fid): Promise<boolean> {
    try {
      await this.#options.session.complete(directory);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  async #present(directory: Fid, name: string) {
    try {
      return await this.#options.session.lookup(directory, name);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}

type NewObject = {
  readonly parent: Fid;
  readonly name: string;
  readonly mode: number;
  /**
   * That of the log, which the servers refused to make and do not have: what is done to it later, in this session or in
   * another one, finds it. None for what they had once, and what is made again.
   */
  readonly fid?: Fid;
} & ({ readonly op: 'create' | 'mkdir' } | { readonly op: 'symlink'; readonly target: string });

/** The name that a mutation makes. */
function newNameOf(mutation: Mutation): { readonly directory: Fid; readonly name: string } | undefined {
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'link':
      return { directory: mutation.parent, name: mutation.name };
    case 'rename':
      return { directory: mutation.toParent, name: mutation.toName };
    case 'remove':
    case 'rmdir':
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes':
      return undefined;
  }
}

function performed(mapped: readonly MappedFid[] | undefined): Outcome | undefined {
  return mapped && { kind: 'performed', mapped };
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
