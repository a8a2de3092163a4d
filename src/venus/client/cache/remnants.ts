import type { Fid } from '../../../ipc/fid.ts';
import type { FileType } from '../../../ipc/venus.ts';
import type { EntryRecord } from '../../net/fileProtocol.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import { type DirectoryVnode, type Vnode, type Vnodes, sameFid } from '../../tree/vnodes.ts';

export interface NamedObject {
  readonly fid: Fid;
  readonly type: FileType;
}

/** What stays here though the servers do not have it where it is. */
interface Remnant {
  readonly fid: Fid;
  /** What the servers have by its name. */
  readonly hides?: NamedObject;
  /** Whether a log that was made anew left it there, not the servers: such a log may put it elsewhere again. */
  readonly isRebuilt?: boolean;
}

/**
 * Objects that stay where they are though the servers have removed or moved them, because a record of a log is about
 * them or about something below: its contents must not get out of reach before the log lets go of them.
 */
export class Remnants {
  readonly #vnodes: Vnodes;
  readonly #isDirty: (fid: Fid) => boolean;
  readonly #table: Table<Remnant>;

  constructor(database: Database, vnodes: Vnodes, isDirty: (fid: Fid) => boolean) {
    this.#vnodes = vnodes;
    this.#isDirty = isDirty;
    this.#table = database.table('remnants');
  }

  has(fid: Fid): boolean {
    return this.#table.get(fidKey(fid)) !== undefined;
  }

  /** @param isRebuilt whether the servers may have it in another place, as far as they have told */
  note(writer: Writer, fid: Fid, hides: NamedObject | undefined, isRebuilt: boolean): void {
    writer.put(this.#table, fidKey(fid), { fid, ...(hides ? { hides } : {}), isRebuilt });
  }

  /** Takes an object from the place where a log left it that was made anew, as it has another one now. */
  release(writer: Writer, fid: Fid): void {
    const remnant = this.#table.get(fidKey(fid));
    const vnode = this.#vnodes.find(fid);
    if (!remnant?.isRebuilt) return;
    if (vnode) this.#leave(writer, vnode, remnant.hides);
    writer.remove(this.#table, fidKey(fid));
  }

  /** Whether a log has a record about an object or about anything below it. */
  isHeld(fid: Fid): boolean {
    if (this.#isDirty(fid)) return true;
    if (this.#vnodes.find(fid)?.type !== 'directory') return false;
    for (const { entry } of this.#vnodes.entries(fid))
      if (this.isHeld({ ...entry, volume: fid.volume })) return true;
    return false;
  }

  /**
   * Puts the entries that a server has in the place of those that are here, apart from what is held.
   * @returns the directories that lost names by that, since what they stood for is in this one now
   */
  merge(writer: Writer, directory: DirectoryVnode, listed: readonly EntryRecord[]): readonly Fid[] {
    const isListed = new Set(listed.map(({ fid }) => fid.unique));
    const kept = [...this.#vnodes.entries(directory.fid)].flatMap(({ name, entry }) => {
      const fid = { ...entry, volume: directory.fid.volume };
      const vnode = this.#vnodes.find(fid);
      const isHere = vnode?.parent && sameFid(vnode.parent, directory.fid);
      return isHere && !isListed.has(fid.unique) && this.isHeld(fid) ? [{ name, vnode }] : [];
    });
    this.#vnodes.clearEntries(writer, directory.fid);
    this.#vnodes.setEntries(writer, directory.fid, listed);
    const robbed = listed.flatMap(({ fid }) => this.#settleIn(writer, directory, fid) ?? []);
    let after = directory;
    for (const { name, vnode } of kept) {
      const hidden = listed.find((entry) => entry.name === name);
      if (hidden) after = this.#vnodes.removeEntry(writer, after, name, hidden);
      after = this.#vnodes.addEntry(writer, after, name, vnode);
      const isRebuilt = this.#table.get(fidKey(vnode.fid))?.isRebuilt ?? false;
      this.note(writer, vnode.fid, hidden && { fid: hidden.fid, type: hidden.type }, isRebuilt);
    }
    this.#vnodes.put(writer, after);
    return robbed;
  }

  /**
   * Drops those that no log holds any more.
   * @returns them, and the directories that they were in
   */
  drop(writer: Writer): { readonly dropped: readonly Vnode[]; readonly changed: readonly Fid[] } {
    const dropped: Vnode[] = [];
    const changed: Fid[] = [];
    for (let found = this.#free(); found.length > 0; found = this.#free()) {
      for (const { fid, hides } of found) {
        const vnode = this.#vnodes.find(fid);
        const left = vnode && this.#leave(writer, vnode, hides);
        if (left) changed.push(left);
        if (vnode) dropped.push(vnode);
        if (vnode) this.#vnodes.remove(writer, vnode);
        writer.remove(this.#table, fidKey(fid));
      }
    }
    return { dropped, changed };
  }

  /** Nothing in them is held either, so that those in others come first. */
  #free(): readonly Remnant[] {
    return [...this.#table.all()].map(({ value }) => value).filter(({ fid }) => !this.isHeld(fid));
  }

  /**
   * A server has the object in a directory: it is not a remnant, and in no other one.
   * @returns the directory that it was in, if that is another one
   */
  #settleIn(writer: Writer, { fid: directory }: DirectoryVnode, fid: Fid): Fid | undefined {
    const vnode = this.#vnodes.find(fid);
    if (!vnode?.parent) return undefined;
    let left: Fid | undefined;
    if (!sameFid(vnode.parent, directory)) {
      // Where it was moved here, it stays until the log has gone.
      if (this.#isDirty(vnode.parent)) return undefined;
      left = this.#leave(writer, vnode);
      this.#vnodes.put(writer, { ...vnode, parent: directory });
    }
    writer.remove(this.#table, fidKey(fid));
    return left;
  }

  /** Takes the names of an object away, for what they hid. @returns the directory that they were in */
  #leave(writer: Writer, vnode: Vnode, hides?: NamedObject): Fid | undefined {
    const directory = vnode.parent && this.#vnodes.find(vnode.parent);
    if (directory?.type !== 'directory') return undefined;
    let after = directory;
    const names = this.#vnodes.namesOf(vnode);
    for (const name of names) after = this.#vnodes.removeEntry(writer, after, name, vnode);
    const [first] = names;
    if (first !== undefined && hides) after = this.#vnodes.addEntry(writer, after, first, hides);
    this.#vnodes.put(writer, after);
    return directory.fid;
  }
}

function fidKey({ volume, vnode, unique }: Fid): Key {
  return key(volume, vnode, unique);
}
