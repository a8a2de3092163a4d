import { Right } from '../../acl/rights.ts';
import { VenusError } from '../../ipc/errors.ts';
import type { Fid } from '../../ipc/fid.ts';
import { decodeText } from '../../ipc/text.ts';
import type {
  Credentials,
  EntryRecord,
  ExaminedObject,
  FetchAnswer,
  FetchedObject,
  FileProtocol,
  ObjectStatus,
} from '../net/fileProtocol.ts';
import { requireRights, rightsIn } from '../tree/access.ts';
import { type DirectoryVnode, type Vnode, type Vnodes, lengthOf } from '../tree/vnodes.ts';
import { fail } from '../fail.ts';
import type { Identities } from './identities.ts';

type Request<Name extends keyof FileProtocol> = FileProtocol[Name]['request'];

export interface LookupsOptions {
  readonly vnodes: Vnodes;
  readonly identities: Identities;
  readonly nameOfUser: (viceId: number) => string;
}

/** What a file server tells of objects and of the entries of directories, to those who have the right to know. */
export class Lookups {
  readonly #options: LookupsOptions;

  constructor(options: LookupsOptions) {
    this.#options = options;
  }

  /** @throws VenusError ENOENT, EACCES, ENXIO */
  status(credentials: Credentials, fid: Fid): ObjectStatus {
    const vnode = this.#vnodes.vnode(fid);
    if (vnode.parent) this.#requireLookup(vnode.parent, credentials);
    return this.#describe(vnode);
  }

  /** Many objects at once: who asks, and what he may in a directory, is found out once. @param aclText of a directory */
  examine(
    credentials: Credentials,
    fids: readonly Fid[],
    aclText: (directory: DirectoryVnode) => string,
  ): readonly ExaminedObject[] {
    const identity = this.#options.identities.of(credentials);
    const allowed = new Set<number>();
    return fids.map((fid) => {
      try {
        const vnode = this.#vnodes.vnode(fid);
        if (vnode.parent && !allowed.has(vnode.parent.vnode)) {
          requireRights(this.#vnodes.directory(vnode.parent), identity, Right.Lookup);
          allowed.add(vnode.parent.vnode);
        }
        const acl = vnode.type === 'directory' ? aclText(vnode) : undefined;
        return { kind: 'object', status: this.#describe(vnode), acl };
      } catch (error) {
        if (error instanceof VenusError) return { kind: 'refused', errno: error.errno };
        throw error;
      }
    });
  }

  /** As {@link Lookups.status}, with the rights of who asks. */
  fetch(credentials: Credentials, fid: Fid): FetchedObject {
    const status = this.status(credentials, fid);
    const identity = this.#options.identities.of(credentials);
    const vnode = this.#vnodes.vnode(fid);
    const counts = vnode.type === 'directory' ? vnode : { entryCount: 0, nameUnits: 0 };
    return {
      status,
      viceId: identity.viceId,
      rights: rightsIn(this.#vnodes.ruler(vnode), identity),
      entryCount: counts.entryCount,
      nameUnits: counts.nameUnits,
    };
  }

  /** As {@link Lookups.fetch}, for each of several objects. */
  fetchAll(credentials: Credentials, fids: readonly Fid[]): readonly FetchAnswer[] {
    return fids.map((fid) => {
      try {
        return { kind: 'object', object: this.fetch(credentials, fid) };
      } catch (error) {
        if (error instanceof VenusError) return { kind: 'refused', errno: error.errno };
        throw error;
      }
    });
  }

  /** @throws VenusError ENOENT, ENOTDIR, EACCES */
  lookup({ credentials, directory, name }: Request<'lookup'>): ObjectStatus {
    this.#requireLookup(directory, credentials);
    return this.#describe(this.#vnodes.child(directory, name));
  }

  /** @throws VenusError ENOENT, ENOTDIR, EACCES */
  entries({ credentials, directory, after, limit }: Request<'readDirectory'>): readonly EntryRecord[] {
    this.#requireLookup(directory, credentials);
    const found: EntryRecord[] = [];
    for (const { name, entry } of this.#vnodes.entries(directory, after)) {
      const { vnode, unique, type } = entry;
      found.push({ name, type, fid: { volume: directory.volume, vnode, unique } });
      if (found.length === limit) break;
    }
    return found;
  }

  /** @throws VenusError ENOENT, EACCES */
  nameOf({ credentials, fid }: Request<'nameOf'>): string {
    const vnode = this.#vnodes.vnode(fid);
    if (vnode.parent) this.#requireLookup(vnode.parent, credentials);
    return this.#vnodes.nameOf(vnode) ?? fail('ENOENT');
  }

  /** Whether somebody may see what is in a directory. */
  mayLookUp(credentials: Credentials, directory: Fid): boolean {
    const found = this.#vnodes.find(directory);
    const rights =
      found?.type === 'directory' ? rightsIn(found, this.#options.identities.of(credentials)) : 0;
    return (rights & Right.Lookup) !== 0;
  }

  #requireLookup(directory: Fid, credentials: Credentials): void {
    requireRights(this.#vnodes.directory(directory), this.#options.identities.of(credentials), Right.Lookup);
  }

  #describe(vnode: Vnode): ObjectStatus {
    return {
      fid: vnode.fid,
      type: vnode.type,
      length: lengthOf(vnode),
      linkCount: vnode.linkCount,
      owner: vnode.owner,
      ownerName: this.#options.nameOfUser(vnode.owner),
      mode: vnode.mode,
      modified: vnode.modified,
      versionVector: vnode.versionVector,
      parent: vnode.parent,
      target: vnode.type === 'symlink' ? decodeText(vnode.target) : undefined,
    };
  }

  get #vnodes(): Vnodes {
    return this.#options.vnodes;
  }
}
