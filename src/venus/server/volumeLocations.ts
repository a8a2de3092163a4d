import { RefusedError } from '../../ipc/errors.ts';
import { textLength } from '../../ipc/text.ts';
import type { VolumeLocation } from '../net/realmProtocol.ts';
import type { Database, Table, Writer } from '../store/database.ts';
import { key } from '../store/keys.ts';

/** The realm's list of volumes and of the servers that hold them. */
export class VolumeLocations {
  readonly #database: Database;
  readonly #volumes: Table<VolumeLocation>;
  readonly #next: Table<number>;

  constructor(database: Database) {
    this.#database = database;
    this.#volumes = database.table('volumes');
    this.#next = database.table('nextVolume');
  }

  byId(id: number): VolumeLocation | undefined {
    return this.#volumes.get(key(id));
  }

  byName(name: string): VolumeLocation | undefined {
    return this.list().find((volume) => volume.name === name);
  }

  list(): readonly VolumeLocation[] {
    return [...this.#volumes.all()].map(({ value }) => value);
  }

  /**
   * A number for a volume that is about to be made; it is not given again.
   * @param wanted the number that a restored volume had: it gets that if this realm has never given it to another one
   */
  reserve(wanted?: number): Promise<number> {
    return this.#database.transaction((writer) => this.#reserve(writer, wanted));
  }

  /** Takes a volume from the list that its servers do not have. */
  withdraw(id: number): Promise<void> {
    return this.#database.transaction((writer) => writer.remove(this.#volumes, key(id)));
  }

  /** @throws RefusedError name-taken, bad-name */
  checkName(name: string): void {
    if (this.byName(name)) throw new RefusedError('name-taken', `there is already a volume ${name}`);
    if (name !== '' && textLength(name) < MAX_NAME && !/[\s\p{Cc}\p{Cs}@#$]/u.test(name)) return;
    throw new RefusedError('bad-name', `${JSON.stringify(name)} cannot be the name of a volume`, {
      why: `Names of volumes have 1 to ${MAX_NAME - 1} bytes, and no white space, @, # or $.`,
    });
  }

  publish(location: VolumeLocation): Promise<void> {
    return this.#database.transaction((writer) => {
      this.checkName(location.name);
      writer.put(this.#volumes, key(location.id), location);
    });
  }

  #reserve(writer: Writer, wanted = 0): number {
    const next = this.#next.get(key('id')) ?? FIRST_VOLUME;
    const id = wanted > next && wanted < next + MAX_LEAP ? wanted : next;
    writer.put(this.#next, key('id'), id + 1);
    return id;
  }
}

/** Bytes of a volume's name with its NUL (spec/cfs.md, 4.6). */
const MAX_NAME = 32;
/** Numbers that a restored volume may leave out at most: a dump can say anything. */
const MAX_LEAP = 65_536;
/** Where the ids of replicated volumes begin. */
const FIRST_VOLUME = 0x7f000000;
