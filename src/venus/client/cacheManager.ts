import type { Fid } from '../../ipc/fid.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Link } from '../net/link.ts';
import type { RealmProtocol, ServerDescription, VolumeLocation } from '../net/realmProtocol.ts';
import type { Database } from '../store/database.ts';
import { Events } from './events.ts';
import { StoreIds } from './storeIds.ts';
import { Tokens } from './tokens.ts';
import { fail } from '../fail.ts';

/** A realm as a client reaches it. */
export interface RealmConnections {
  readonly name: string;
  readonly realm: Link<RealmProtocol>;
  readonly servers: readonly (ServerDescription & { readonly link: Link<FileProtocol> })[];
}

/** Where a client has seen a volume mounted. */
export interface MountedAt {
  /** None for the realm's root volume, which stands in the Coda root. */
  readonly directory: Fid | undefined;
  readonly name: string;
}

/** Name of the volume that is a realm's root. */
export const ROOT_VOLUME = '/';

/** One client: what it keeps for all of its users. What it does for one of them is a {@link UserSession}. */
export class CacheManager {
  readonly name: string;
  readonly realm: RealmConnections;
  readonly tokens: Tokens;
  readonly events: Events;
  readonly storeIds: StoreIds;
  readonly now: () => number;
  readonly #database: Database;
  readonly #locations = new Map<number, VolumeLocation>();
  readonly #mounts = new Map<number, MountedAt>();

  static async open(
    name: string,
    database: Database,
    realm: RealmConnections,
    now: () => number,
  ): Promise<CacheManager> {
    return new CacheManager(name, database, realm, await StoreIds.open(database), now);
  }

  private constructor(
    name: string,
    database: Database,
    realm: RealmConnections,
    storeIds: StoreIds,
    now: () => number,
  ) {
    this.name = name;
    this.realm = realm;
    this.now = now;
    this.storeIds = storeIds;
    this.tokens = new Tokens(database);
    this.events = new Events(now);
    this.#database = database;
  }

  /** @throws VenusError EVOLUME if the realm has no such volume */
  async locate(volume: number): Promise<VolumeLocation> {
    return this.#locations.get(volume) ?? (await this.#ask({ id: volume })) ?? fail('EVOLUME');
  }

  async locateByName(name: string): Promise<VolumeLocation | undefined> {
    for (const location of this.#locations.values()) if (location.name === name) return location;
    return this.#ask({ name });
  }

  /** The server to ask about a volume. */
  async serverOf(volume: number): Promise<Link<FileProtocol>> {
    const [replica] = (await this.locate(volume)).replicas;
    return this.realm.servers.find(({ name }) => name === replica?.server)?.link ?? fail('ETIMEDOUT');
  }

  mountedAt(volume: number): MountedAt | undefined {
    return this.#mounts.get(volume);
  }

  noteMount(volume: number, place: MountedAt): void {
    this.#mounts.set(volume, place);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #ask(
    question: { readonly id: number } | { readonly name: string },
  ): Promise<VolumeLocation | undefined> {
    const { location } = await this.realm.realm.call('locateVolume', question);
    if (location) this.#locations.set(location.id, location);
    return location;
  }
}
