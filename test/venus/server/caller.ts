import { VenusError, isErrno } from '../../../src/ipc/errors.ts';
import type { Fid } from '../../../src/ipc/fid.ts';
import type { FileType } from '../../../src/ipc/venus.ts';
import type { StoreId } from '../../../src/ipc/versionVector.ts';
import type { Credentials, ObjectStatus } from '../../../src/venus/net/fileProtocol.ts';
import { FRAGMENT } from '../../../src/venus/net/fileProtocol.ts';
import type { Mutation } from '../../../src/venus/net/mutation.ts';
import type { TestRealm } from '../support.ts';

interface Change {
  readonly mode?: number;
  readonly owner?: number;
  readonly modified?: number;
}

interface Rename {
  readonly fromDirectory: Fid;
  readonly fromName: string;
  readonly toDirectory: Fid;
  readonly toName: string;
}

/** Somebody who asks the file server directly, past the client, so that fids and store ids are in the test's hand. */
export class Caller {
  readonly credentials: Credentials;
  readonly #realm: TestRealm;

  /** @param user nobody in particular, without a token, if it is not said */
  static as(realm: TestRealm, user?: string): Caller {
    return new Caller(realm, user === undefined ? {} : realm.tokenOf(realm.store.protection.user(user).id));
  }

  constructor(realm: TestRealm, credentials: Credentials) {
    this.#realm = realm;
    this.credentials = credentials;
  }

  status(fid: Fid): Promise<ObjectStatus> {
    return this.#realm.server.getStatus({ credentials: this.credentials, fid });
  }

  lookup(directory: Fid, name: string): Promise<ObjectStatus> {
    return this.#realm.server.lookup({ credentials: this.credentials, directory, name });
  }

  async list(directory: Fid): Promise<readonly string[]> {
    const { credentials } = this;
    const request = { credentials, directory, after: undefined, limit: 1000 };
    return (await this.#realm.server.readDirectory(request)).map(({ name }) => name);
  }

  nameOf(fid: Fid): Promise<{ readonly name: string }> {
    return this.#realm.server.nameOf({ credentials: this.credentials, fid });
  }

  async read(fid: Fid): Promise<string> {
    const { server } = this.#realm;
    const { handle } = await server.openFetch({ credentials: this.credentials, fid });
    const bytes = await server.fetchFragment({ handle, offset: 0, length: FRAGMENT });
    await server.closeFetch({ handle });
    return Buffer.from(bytes).toString();
  }

  async create(directory: Fid, name: string, contents = '', mode = 0o644): Promise<Fid> {
    const fid = await this.#newFid(directory.volume, 'file');
    const create = { op: 'create', parent: directory, name, fid, mode } as const;
    const store = { op: 'store', fid, length: contents.length } as const;
    await this.perform(directory.volume, contents === '' ? [create] : [create, store], contents);
    return fid;
  }

  async store(fid: Fid, contents: string): Promise<void> {
    await this.perform(fid.volume, [{ op: 'store', fid, length: contents.length }], contents);
  }

  async mkdir(directory: Fid, name: string, mode = 0o755): Promise<Fid> {
    const fid = await this.#newFid(directory.volume, 'directory');
    await this.perform(directory.volume, [{ op: 'mkdir', parent: directory, name, fid, mode }]);
    return fid;
  }

  async symlink(directory: Fid, name: string, target: string): Promise<Fid> {
    const fid = await this.#newFid(directory.volume, 'symlink');
    const symlink = { op: 'symlink', parent: directory, name, fid, target, mode: 0o777 } as const;
    await this.perform(directory.volume, [symlink]);
    return fid;
  }

  async link(directory: Fid, name: string, fid: Fid): Promise<void> {
    await this.perform(directory.volume, [{ op: 'link', parent: directory, name, fid }]);
  }

  /** What the new name stands for is removed before. */
  async rename({ fromDirectory, fromName, toDirectory, toName }: Rename): Promise<void> {
    const { fid } = await this.#find(fromDirectory, fromName);
    const replaced = await this.#find(toDirectory, toName).catch(() => undefined);
    await this.perform(fromDirectory.volume, [
      ...(replaced ? [removalOf(toDirectory, toName, replaced)] : []),
      { op: 'rename', fromParent: fromDirectory, fromName, toParent: toDirectory, toName, fid },
    ]);
  }

  /** Within one directory. */
  move(directory: Fid, fromName: string, toName: string): Promise<void> {
    return this.rename({ fromDirectory: directory, fromName, toDirectory: directory, toName });
  }

  async remove(directory: Fid, name: string): Promise<void> {
    await this.perform(directory.volume, [removalOf(directory, name, await this.#find(directory, name))]);
  }

  async change(fid: Fid, { mode, owner, modified }: Change): Promise<ObjectStatus> {
    await this.perform(fid.volume, [
      ...(owner === undefined ? [] : [{ op: 'chown', fid, owner } as const]),
      ...(mode === undefined ? [] : [{ op: 'chmod', fid, mode } as const]),
      ...(modified === undefined ? [] : [{ op: 'utimes', fid, modified } as const]),
    ]);
    return this.#asOperator.status(fid);
  }

  /**
   * Performs mutations as a client's log, all or none, on what the server has at the moment.
   * @param contents of the stores
   * @throws VenusError with the errno with which the server refuses one of them
   */
  async perform(volume: number, mutations: readonly Mutation[], contents = ''): Promise<void> {
    const handles: (number | undefined)[] = [];
    for (const { op, fid } of mutations)
      handles.push(op === 'store' ? await this.send(fid, contents) : undefined);
    await this.performSent(volume, mutations, handles);
  }

  /** As {@link Caller.perform}, with contents that were sent before. */
  async performSent(
    volume: number,
    mutations: readonly Mutation[],
    handles: readonly (number | undefined)[],
  ): Promise<void> {
    const bases = await Promise.all(mutations.map(({ fid }) => this.#lastUpdateOf(fid)));
    const { host } = this.#realm.storeId();
    const records = mutations.map((mutation, at) => ({
      storeId: { host, unique: at + 1 },
      time: this.#realm.clock.now(),
      mutation,
      base: bases[at],
      handle: handles[at],
    }));
    const { credentials } = this;
    const request = { credentials, client: `caller ${host}`, volume, records, known: [] };
    const answer = await this.#realm.server.reintegrate(request);
    if (answer.kind === 'refused') throw new VenusError(answer.errno);
  }

  /** @returns the handle by which a record names the contents */
  async send(fid: Fid, contents: string): Promise<number> {
    const { handle } = await this.#realm.server.openStore({ fid });
    await this.#realm.server.storeFragment({ handle, bytes: Buffer.from(contents) });
    return handle;
  }

  async acl(fid: Fid): Promise<string> {
    return (await this.#realm.server.getAcl({ credentials: this.credentials, fid })).text;
  }

  setAcl(fid: Fid, text: string): Promise<null> {
    const { credentials } = this;
    return this.#realm.server.setAcl({ credentials, storeId: this.#realm.storeId(), fid, text });
  }

  async #newFid(volume: number, type: FileType): Promise<Fid> {
    const { directory, file, unique } = await this.#realm.server.reserveFids({ volume, count: 1 });
    return { volume, vnode: type === 'directory' ? directory : file, unique };
  }

  /** What a client would know already, whatever rights this one has. */
  #find(directory: Fid, name: string): Promise<ObjectStatus> {
    return this.#asOperator.lookup(directory, name);
  }

  async #lastUpdateOf(fid: Fid): Promise<StoreId | undefined> {
    try {
      return (await this.#asOperator.status(fid)).versionVector.storeId;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENXIO')) return undefined;
      throw error;
    }
  }

  get #asOperator(): Caller {
    return Caller.as(this.#realm, 'operator');
  }
}

function removalOf(parent: Fid, name: string, { fid, type, linkCount }: ObjectStatus): Mutation {
  const common = { parent, name, fid };
  return type === 'directory' ? { op: 'rmdir', ...common } : { op: 'remove', ...common, linkCount };
}

/** The text of a list, positive and negative entries each as a name and its rights. */
export function aclText(
  positive: readonly (readonly [string, number])[],
  negative: readonly (readonly [string, number])[] = [],
): string {
  const lines = [...positive, ...negative].map(([name, rights]) => `${name} ${rights}\n`);
  return `${positive.length}\n${negative.length}\n${lines.join('')}`;
}
