import { isErrno } from '../../ipc/errors.ts';
import { logFault } from '../log.ts';
import type { Fid } from '../../ipc/fid.ts';
import type { RealmProtocol, VolumeLocation } from '../net/realmProtocol.ts';
import type { Remote } from '../net/link.ts';
import type { Database, Table } from '../store/database.ts';
import { key } from '../store/keys.ts';

/** Where a client has seen a volume mounted. */
export interface MountedAt {
  /** None for the realm's root volume, which stands in the Coda root. */
  readonly directory: Fid | undefined;
  readonly name: string;
}

/** A volume that is mounted in another one. */
export interface MountedVolume {
  readonly volume: number;
  readonly directory: Fid;
  readonly name: string;
}

type Question = RealmProtocol['locateVolume']['request'];

/**
 * Where volumes are, as the realm has said. What was learned outlives the process, for a client that is restarted while it
 * cannot reach the realm; as soon as it can, it asks anew.
 */
export class Locations {
  readonly #realm: Remote<RealmProtocol>;
  readonly #database: Database;
  readonly #stored: Table<VolumeLocation>;
  readonly #storedMounts: Table<MountedAt>;
  /** Learned since the start. */
  readonly #known = new Map<number, VolumeLocation>();
  readonly #mounts = new Map<number, MountedAt>();

  constructor(database: Database, realm: Remote<RealmProtocol>) {
    this.#realm = realm;
    this.#database = database;
    this.#stored = database.table('locations');
    this.#storedMounts = database.table('mounts');
  }

  /** Those that have been seen, now or before the last start. */
  volumes(): readonly number[] {
    return [...new Set([...this.#known.keys(), ...Array.from(this.#stored.all(), ({ value }) => value.id)])];
  }

  /** A volume whose location is known here, without asking. */
  known(id: number): VolumeLocation | undefined {
    return this.#known.get(id) ?? this.#stored.get(key(id));
  }

  /** @returns undefined if the realm has no such volume. @throws VenusError ETIMEDOUT if nobody knows */
  async byId(id: number): Promise<VolumeLocation | undefined> {
    return this.#known.get(id) ?? this.#ask({ id }, () => this.#stored.get(key(id)));
  }

  async byName(name: string): Promise<VolumeLocation | undefined> {
    for (const location of this.#known.values()) if (location.name === name) return location;
    return this.#ask({ name }, () => this.knownByName(name));
  }

  /** The volume of a name, as far as it is known here. */
  knownByName(name: string): VolumeLocation | undefined {
    for (const location of this.#known.values()) if (location.name === name) return location;
    for (const { value } of this.#stored.all()) if (value.name === name) return value;
    return undefined;
  }

  /** Has the realm asked again about each volume that is needed. What it has said is kept for times without it. */
  forget(): void {
    this.#known.clear();
  }

  mountedAt(volume: number): MountedAt | undefined {
    return this.#mounts.get(volume) ?? this.#storedMounts.get(key(volume));
  }

  /** The volumes that have been seen mounted in another one, and where. */
  mounts(): readonly MountedVolume[] {
    return this.volumes().flatMap((volume) => {
      const { directory, name = '' } = this.mountedAt(volume) ?? {};
      return directory ? [{ volume, directory, name }] : [];
    });
  }

  /** Kept at once; on the disk a little later, since nothing is lost with it. */
  noteMount(volume: number, place: MountedAt): void {
    if (sameMount(this.mountedAt(volume), place)) return;
    this.#mounts.set(volume, place);
    void this.#database
      .transaction((writer) => writer.put(this.#storedMounts, key(volume), place))
      .catch((error: unknown) => logFault('mounts', error));
  }

  async #ask(
    question: Question,
    stored: () => VolumeLocation | undefined,
  ): Promise<VolumeLocation | undefined> {
    try {
      const { location } = await this.#realm.call('locateVolume', question);
      if (location) await this.#learn(location);
      return location;
    } catch (error) {
      const known = isErrno(error, 'ETIMEDOUT') ? stored() : undefined;
      if (!known) throw error;
      return known;
    }
  }

  async #learn(location: VolumeLocation): Promise<void> {
    this.#known.set(location.id, location);
    if (JSON.stringify(this.#stored.get(key(location.id))) === JSON.stringify(location)) return;
    await this.#database.transaction((writer) => writer.put(this.#stored, key(location.id), location));
  }
}

function sameMount(one: MountedAt | undefined, other: MountedAt): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}
