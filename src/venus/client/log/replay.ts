import type { Fid } from '../../../ipc/fid.ts';
import { encodeText } from '../../../ipc/text.ts';
import type { FileType } from '../../../ipc/venus.ts';
import type { Mutation } from '../../net/mutation.ts';
import { PERMISSIONS } from '../../tree/change.ts';
import { newVersion, updated } from '../../tree/version.ts';
import {
  type DirectoryVnode,
  type StoredAcl,
  type Vnode,
  unitsOf,
  withoutContainer,
} from '../../tree/vnodes.ts';
import type { NamedObject } from '../cache/remnants.ts';
import { type LogRecord, objectsOf } from './record.ts';

/** What a name in a directory stands for: nothing, if there is no object. */
export interface Place {
  readonly directory: Fid;
  readonly name: string;
  readonly object: NamedObject | undefined;
}

/** What records are replayed on. */
export interface Base {
  /** An object; none if it is not there. */
  object(fid: Fid): Vnode | undefined;
  /** What a name stands for; nothing if there is no such name. */
  name(directory: Fid, name: string): NamedObject | undefined;
}

/** Where the client counts its own updates, until servers have them. */
const SITE = 0;
const NOBODY: StoredAcl = { positive: [], negative: [] };

/**
 * The state that records make of a base: for all objects and names that they are about, and no others. It changes nothing
 * but itself. What the servers would refuse is done as far as it can be, so that nothing that a record brings is out of
 * sight: a name that is taken is taken over, one that is missing is not missed.
 */
export class Replay {
  readonly #base: Base;
  readonly #objects = new Map<string, { readonly fid: Fid; readonly vnode: Vnode | undefined }>();
  readonly #places = new Map<string, Place>();
  /** The places of each object. */
  readonly #placesOf = new Map<string, Set<string>>();

  constructor(base: Base) {
    this.#base = base;
  }

  /** All objects that were looked at; without a vnode where there is none. */
  objects(): Iterable<{ readonly fid: Fid; readonly vnode: Vnode | undefined }> {
    return this.#objects.values();
  }

  /** All names that were looked at. */
  places(): Iterable<Place> {
    return this.#places.values();
  }

  object(fid: Fid): Vnode | undefined {
    const known = this.#objects.get(fidText(fid));
    if (known) return known.vnode;
    const vnode = this.#base.object(fid);
    this.#objects.set(fidText(fid), { fid, vnode });
    return vnode;
  }

  name(directory: Fid, name: string): NamedObject | undefined {
    const key = placeText(directory, name);
    const known = this.#places.get(key);
    if (known) return known.object;
    const object = this.#base.name(directory, name);
    this.#places.set(key, { directory, name, object });
    if (object) this.#placesWith(object.fid).add(key);
    return object;
  }

  hasLookedAt(directory: Fid, name: string): boolean {
    return this.#places.has(placeText(directory, name));
  }

  /** The names of an object, of those that were looked at. */
  placesOf(fid: Fid): readonly Place[] {
    return [...(this.#placesOf.get(fidText(fid)) ?? [])].flatMap((key) => this.#places.get(key) ?? []);
  }

  /** Looks at names and objects of a record, so that they are part of the state, and does not perform it. */
  note(record: LogRecord): void {
    for (const fid of objectsOf(record)) this.object(fid);
    for (const { directory, name } of namesIn(record.mutation)) this.name(directory, name);
  }

  perform(record: LogRecord): void {
    const { mutation } = record;
    switch (mutation.op) {
      case 'create':
      case 'mkdir':
      case 'symlink':
        this.#put(this.#made(record, mutation));
        this.place(mutation.parent, mutation.name, mutation.fid);
        this.#touch(record, mutation.parent);
        return;
      case 'link':
        this.#relink(record, mutation.fid, 1);
        this.place(mutation.parent, mutation.name, mutation.fid);
        this.#touch(record, mutation.parent);
        return;
      case 'rename':
        this.#rename(record, mutation);
        return;
      case 'remove':
      case 'rmdir':
        this.#clear(mutation.parent, mutation.name, mutation.fid);
        this.#relink(record, mutation.fid, -1);
        this.#touch(record, mutation.parent);
        return;
      case 'store':
      case 'chmod':
      case 'chown':
      case 'utimes':
        this.#change(record, mutation);
    }
  }

  /** Gives a name to an object, whatever the name stood for. */
  place(directory: Fid, name: string, fid: Fid): void {
    const present = this.name(directory, name);
    if (present) this.#clear(directory, name, present.fid);
    const object = { fid, type: this.object(fid)?.type ?? typeOf(fid) };
    const key = placeText(directory, name);
    this.#places.set(key, { directory, name, object });
    this.#placesWith(fid).add(key);
    this.#count(directory, name, object.type, 1);
  }

  /** An object that is not there any more. */
  remove(fid: Fid): void {
    this.#objects.set(fidText(fid), { fid, vnode: undefined });
  }

  /** An object that has moved to another directory, with the one name that it has. */
  move(fid: Fid, directory: Fid, name: string): void {
    for (const place of this.placesOf(fid)) this.#clear(place.directory, place.name, fid);
    this.place(directory, name, fid);
    const vnode = this.object(fid);
    if (vnode) this.#put({ ...vnode, parent: directory });
  }

  #rename(record: LogRecord, mutation: Extract<LogRecord['mutation'], { op: 'rename' }>): void {
    const { fromParent, fromName, toParent, toName, fid } = mutation;
    const isThere = this.name(fromParent, fromName)?.fid.unique === fid.unique;
    // The name that it was given before may not be its name in this base: then it is the one that it has.
    const [other] = isThere ? [] : this.placesOf(fid);
    this.#clear(other?.directory ?? fromParent, other?.name ?? fromName, fid);
    this.place(toParent, toName, fid);
    this.#touch(record, fromParent);
    if (toParent.vnode !== fromParent.vnode) this.#touch(record, toParent);
    const vnode = this.object(fid);
    if (vnode) this.#put({ ...updated(vnode, record.storeId, vnode.modified, SITE), parent: toParent });
  }

  #made(
    { storeId, time, viceId }: LogRecord,
    mutation: Extract<LogRecord['mutation'], { op: 'create' | 'mkdir' | 'symlink' }>,
  ): Vnode {
    const { fid, parent, mode } = mutation;
    const common = {
      fid,
      owner: viceId,
      mode: mode & PERMISSIONS,
      modified: time,
      versionVector: newVersion(storeId, SITE),
      parent,
    };
    switch (mutation.op) {
      case 'create':
        return { ...common, type: 'file', linkCount: 1, length: 0 };
      case 'symlink':
        return { ...common, type: 'symlink', linkCount: 1, target: encodeText(mutation.target) };
      case 'mkdir': {
        const above = this.object(parent);
        const acl = above?.type === 'directory' ? above.acl : NOBODY;
        return { ...common, type: 'directory', linkCount: 2, entryCount: 0, nameUnits: 0, acl };
      }
    }
  }

  #change(
    { storeId, time, container }: LogRecord,
    mutation: Extract<LogRecord['mutation'], { op: 'store' | 'chmod' | 'chown' | 'utimes' }>,
  ): void {
    const vnode = this.object(mutation.fid);
    if (!vnode) return;
    const after = updated(vnode, storeId, mutation.op === 'store' ? time : vnode.modified, SITE);
    if (mutation.op === 'chmod') this.#put({ ...after, mode: mutation.mode & PERMISSIONS });
    if (mutation.op === 'chown') this.#put({ ...after, owner: mutation.owner });
    if (mutation.op === 'utimes') this.#put({ ...after, modified: mutation.modified });
    if (mutation.op === 'store' && after.type === 'file') {
      const contents = container === undefined ? {} : { container };
      this.#put({ ...withoutContainer(after), length: mutation.length, ...contents });
    }
  }

  /** One name more or less; without any, the object is gone. */
  #relink({ storeId }: LogRecord, fid: Fid, by: 1 | -1): void {
    const vnode = this.object(fid);
    if (!vnode) return;
    if (by < 0 && (vnode.type === 'directory' || vnode.linkCount === 1)) this.remove(fid);
    else this.#put({ ...updated(vnode, storeId, vnode.modified, SITE), linkCount: vnode.linkCount + by });
  }

  /** Takes a name away, if it is that of the object. */
  #clear(directory: Fid, name: string, fid: Fid): void {
    const present = this.name(directory, name);
    if (present?.fid.unique !== fid.unique) return;
    const key = placeText(directory, name);
    this.#places.set(key, { directory, name, object: undefined });
    this.#placesWith(fid).delete(key);
    this.#count(directory, name, present.type, -1);
  }

  #touch({ storeId, time }: LogRecord, directory: Fid): void {
    const vnode = this.object(directory);
    if (vnode) this.#put(updated(vnode, storeId, time, SITE));
  }

  #count(fid: Fid, name: string, type: FileType, by: 1 | -1): void {
    const vnode = this.object(fid);
    if (vnode?.type === 'directory') this.#put(counted(vnode, name, type, by));
  }

  #put(vnode: Vnode): void {
    this.#objects.set(fidText(vnode.fid), { fid: vnode.fid, vnode });
  }

  #placesWith(fid: Fid): Set<string> {
    const key = fidText(fid);
    const found = this.#placesOf.get(key) ?? new Set();
    this.#placesOf.set(key, found);
    return found;
  }
}

/** The names that a mutation gives or takes away. */
export function namesIn(mutation: Mutation): readonly { readonly directory: Fid; readonly name: string }[] {
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'link':
    case 'remove':
    case 'rmdir':
      return [{ directory: mutation.parent, name: mutation.name }];
    case 'rename':
      return [
        { directory: mutation.fromParent, name: mutation.fromName },
        { directory: mutation.toParent, name: mutation.toName },
      ];
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes':
      return [];
  }
}

function counted(vnode: DirectoryVnode, name: string, type: FileType, by: 1 | -1): DirectoryVnode {
  return {
    ...vnode,
    entryCount: vnode.entryCount + by,
    nameUnits: vnode.nameUnits + by * unitsOf(name),
    linkCount: vnode.linkCount + (type === 'directory' ? by : 0),
  };
}

/** Of an object of which nothing else is known. */
function typeOf({ vnode }: Fid): FileType {
  return vnode % 2 === 1 ? 'directory' : 'file';
}

export function fidText({ volume, vnode, unique }: Fid): string {
  return `${volume}.${vnode}.${unique}`;
}

function placeText(directory: Fid, name: string): string {
  return `${fidText(directory)}/${name}`;
}
