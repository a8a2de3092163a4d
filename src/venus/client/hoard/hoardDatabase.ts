import { type HoardName, ALL_USERS } from '../../../ipc/hoardName.ts';
import type { NewEntry } from '../../../ipc/hoard.ts';
import { fail } from '../../fail.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';

/** An entry: what to keep, how badly, and whose it is. */
export interface StoredEntry extends NewEntry {
  /** Local uid of who added it: walks fetch with his token. */
  readonly uid: number;
}

export interface HoardDatabaseOptions {
  readonly database: Database;
  readonly realm: string;
  /** The local user whose venus it is: as root, he may do all with everybody's entries. */
  readonly owner: number | undefined;
  /** Entries that it takes. */
  readonly limit: number;
  /** Told when entries have been added or taken out. */
  readonly onChange: (names: readonly HoardName[]) => void;
}

/** What users of a client want to have here when no server can be reached (spec/hoard.md, 1). It outlives the process. */
export class HoardDatabase {
  readonly limit: number;
  readonly #options: HoardDatabaseOptions;
  readonly #entries: Table<StoredEntry>;
  #count = 0;

  constructor(options: HoardDatabaseOptions) {
    this.#options = options;
    this.limit = options.limit;
    this.#entries = options.database.table('hoard');
    this.#count = [...this.#entries.all()].length;
  }

  get count(): number {
    return this.#count;
  }

  get(name: HoardName): StoredEntry | undefined {
    return this.#entries.get(entryKey(name));
  }

  /** In the order of their names. @param uid owner of the entries, or ALL_USERS */
  *list(uid = ALL_USERS): Generator<StoredEntry> {
    for (const { value } of this.#entries.all()) if (uid === ALL_USERS || value.uid === uid) yield value;
  }

  /** By falling priority; those of one priority in the order of their names. */
  byPriority(uid = ALL_USERS): readonly StoredEntry[] {
    return [...this.list(uid)].sort((one, other) => other.priority - one.priority);
  }

  /**
   * Adds all of the entries or none; each replaces the one of its name.
   * @throws VenusError EACCES if that one is another's; EINVAL for another realm; ENOSPC if there are too many
   */
  async add(uid: number, entries: readonly NewEntry[]): Promise<void> {
    const { database, realm, onChange } = this.#options;
    await database.transaction((writer) => {
      let added = 0;
      for (const entry of entries) {
        if (entry.realm !== realm) fail('EINVAL', `This venus knows the realm ${realm} only.`);
        const present = this.get(entry);
        if (present) this.#checkOwner(uid, present.uid);
        else added += 1;
        writer.put(this.#entries, entryKey(entry), { ...entry, uid });
      }
      if (this.#count + added > this.limit)
        fail('ENOSPC', `The hoard database takes ${this.limit} entries; coda up --cache-objects raises it.`);
      this.#counted(writer, added);
    });
    onChange(entries);
  }

  /** @throws VenusError ENOENT, EACCES */
  async remove(uid: number, name: HoardName): Promise<void> {
    const { database, onChange } = this.#options;
    await database.transaction((writer) => {
      const present = this.get(name) ?? fail('ENOENT', 'No entry of the hoard database has that name.');
      this.#checkOwner(uid, present.uid);
      writer.remove(this.#entries, entryKey(name));
      this.#counted(writer, -1);
    });
    onChange([name]);
  }

  /** @param wanted owner of the entries that go. @throws VenusError EACCES */
  async clear(uid: number, wanted: number): Promise<void> {
    const { database, onChange } = this.#options;
    const owner = this.ownerToShow(uid, wanted);
    const gone = await database.transaction((writer) => {
      const cleared = [...this.list(owner)];
      for (const entry of cleared) writer.remove(this.#entries, entryKey(entry));
      this.#counted(writer, -cleared.length);
      return cleared;
    });
    onChange(gone);
  }

  /** Whose entries somebody may see or clear who asks for a user's: everybody's are only his own, if he may not more. @throws VenusError EACCES */
  ownerToShow(uid: number, wanted: number): number {
    if (wanted === ALL_USERS) return this.#mayAll(uid) ? ALL_USERS : uid;
    this.#checkOwner(uid, wanted);
    return wanted;
  }

  #mayAll(uid: number): boolean {
    return uid === 0 || uid === this.#options.owner;
  }

  #checkOwner(uid: number, owner: number): void {
    if (uid !== owner && !this.#mayAll(uid)) fail('EACCES', `The entries belong to uid ${owner}.`);
  }

  #counted(writer: Writer, by: number): void {
    writer.afterwards(() => (this.#count += by));
  }
}

function entryKey({ volume, realm, name }: HoardName): Key {
  return key(volume, `${realm}\0${name}`);
}
