import type { Fid } from '../../../ipc/fid.ts';
import { type Vnode, sameFid, withoutContainer } from '../../tree/vnodes.ts';
import type { NamedObject } from '../cache/remnants.ts';
import { type LogRecord, objectsOf } from './record.ts';
import { type Base, Replay, fidText } from './replay.ts';

interface Name {
  readonly directory: Fid;
  readonly name: string;
}

/** What the servers have, as far as they have told. */
export interface KnownBase extends Base {
  /** The names of a directory of which it is known what they stand for, or that they stand for nothing. */
  names(directory: Fid): readonly string[];
}

/** What is here before a log is changed: what all of its records made. */
export interface Present {
  object(fid: Fid): Vnode | undefined;
  /** The names by which an object can be reached. */
  namesOf(fid: Fid): readonly Name[];
}

export interface Rebuilt {
  readonly state: Replay;
  /** Objects that neither a server nor a record makes, and without which others that a record is about were out of reach. */
  readonly remnants: readonly { readonly fid: Fid; readonly hides: NamedObject | undefined }[];
}

/**
 * The state that a log leaves when records are taken out of it: that of the servers with the others performed on it.
 * Whatever one of the others is about, and the way to it, stays where it is now if it has no place in that state.
 * What those brought that are taken out is nowhere any more.
 * @param base as the servers had it, for all that the records are about
 * @param records all that were in the log, oldest first
 */
export function rebuild(
  base: KnownBase,
  present: Present,
  records: readonly LogRecord[],
  isKept: (record: LogRecord) => boolean,
): Rebuilt {
  const known = new Map<string, boolean>();
  const changed = new Set(records.flatMap(objectsOf).map(fidText));
  const object = (fid: Fid) => {
    if (!changed.has(fidText(fid))) return present.object(fid);
    const onServer = base.object(fid);
    known.set(fidText(fid), onServer !== undefined);
    return onServer ?? emptied(present.object(fid));
  };
  const state = new Replay({ object, name: (directory, name) => base.name(directory, name) });
  for (const record of records) state.note(record);
  // Records that went before may have left something by a name that no record is about any more.
  for (const directory of new Map(records.flatMap(objectsOf).map((fid) => [fidText(fid), fid])).values())
    for (const name of base.names(directory)) state.name(directory, name);
  const kept = records.filter(isKept);
  for (const record of kept) state.perform(record);
  const made = new Set<string>();
  for (const { mutation } of kept)
    if (mutation.op === 'create' || mutation.op === 'mkdir' || mutation.op === 'symlink')
      made.add(fidText(mutation.fid));

  const reachable = new Reachable(state, present);
  const needed = reachable.reach(kept.flatMap(objectsOf));
  const remnants = new Map(reachable.stayed);
  for (const { fid, vnode } of [...state.objects()]) {
    const id = fidText(fid);
    if (!vnode || known.get(id) !== false || made.has(id)) continue;
    if (!needed.has(id)) state.remove(fid);
    else if (!remnants.has(id)) remnants.set(id, { fid, hides: undefined });
  }
  return { state, remnants: [...remnants.values()] };
}

/** Sees to it that objects can be reached from the root of their volume. */
class Reachable {
  readonly #state: Replay;
  readonly #present: Present;
  /** Those that stay where they are now; none is put there twice. */
  readonly stayed = new Map<string, { readonly fid: Fid; readonly hides: NamedObject | undefined }>();
  readonly #reached = new Map<string, Fid>();

  constructor(state: Replay, present: Present) {
    this.#state = state;
    this.#present = present;
  }

  /** @returns the objects, and all on the way to them */
  reach(fids: readonly Fid[]): ReadonlyMap<string, Fid> {
    const waiting = [...fids];
    for (let fid = waiting.pop(); fid; fid = waiting.pop()) {
      if (this.#reached.has(fidText(fid))) continue;
      this.#reached.set(fidText(fid), fid);
      waiting.push(...this.#above(fid));
    }
    for (const fid of [...this.#reached.values()]) this.#breakCircle(fid);
    return this.#reached;
  }

  /** The directories that have to be reached for an object to be. */
  #above(fid: Fid): readonly Fid[] {
    const vnode = this.#state.object(fid);
    if (!vnode?.parent) return [];
    const [place] = this.#state.placesOf(fid);
    if (place) return [place.directory];
    const names = this.#present.namesOf(fid);
    const untouched = names.find(({ directory, name }) => !this.#state.hasLookedAt(directory, name));
    // One that stays in another place than the servers have it in is put there again.
    const isInPlace = untouched && sameFid(untouched.directory, vnode.parent);
    return isInPlace ? [untouched.directory] : this.#stay(fid, names);
  }

  #stay(fid: Fid, [first]: readonly Name[]): readonly Fid[] {
    if (!first || this.stayed.has(fidText(fid))) return [];
    const hides = this.#state.name(first.directory, first.name);
    this.#state.move(fid, first.directory, first.name);
    const isWanted = hides !== undefined && this.#reached.delete(fidText(hides.fid));
    this.stayed.set(fidText(fid), { fid, hides: isWanted ? undefined : hides });
    return [first.directory, ...(isWanted ? [hides.fid] : [])];
  }

  /** Directories that went into each other by turns, of which only one is left, would be in none. */
  #breakCircle(start: Fid): void {
    const way = new Map<string, Fid>();
    for (let fid: Fid | undefined = start; fid; fid = this.#above(fid)[0]) {
      if (way.has(fidText(fid))) {
        for (const each of way.values()) this.#stay(each, this.#present.namesOf(each));
        return;
      }
      way.set(fidText(fid), fid);
    }
  }
}

/** Without the contents, which a record brought, and without the names in it. */
function emptied(vnode: Vnode | undefined): Vnode | undefined {
  if (vnode?.type === 'directory') return { ...vnode, entryCount: 0, nameUnits: 0, linkCount: 2 };
  return vnode?.type === 'file' ? { ...withoutContainer(vnode), length: 0, linkCount: 1 } : vnode;
}
