import { ConfigurationError } from '../../ipc/errors.ts';
import type { ServerDescription } from '../net/realmProtocol.ts';
import type { Database, Table } from '../store/database.ts';
import { key } from '../store/keys.ts';
import type { VolumeLocations } from './volumeLocations.ts';

/** The server of a realm for which none were named. */
const DEFAULT_SERVER = 's1';

/** The file servers of a realm, which a data directory remembers. They are numbered from 1, and addressed so. */
export class RealmServers {
  readonly #database: Database;
  readonly #servers: Table<ServerDescription>;
  readonly #volumes: VolumeLocations;

  constructor(database: Database, volumes: VolumeLocations) {
    this.#database = database;
    this.#servers = database.table('servers');
    this.#volumes = volumes;
  }

  /** In the order of their numbers. None for a realm that is just being made. */
  list(): readonly ServerDescription[] {
    const stored = [...this.#servers.all()].map(({ value }) => value);
    return stored.length > 0 ? stored : this.#ofVolumes();
  }

  /**
   * Has the realm have these servers: adds those that are new, and removes those that are left out. If none are named, it
   * keeps what it has.
   * @throws ConfigurationError if one that is left out holds volumes
   */
  async settle(wanted: readonly string[] | undefined): Promise<readonly ServerDescription[]> {
    const present = this.list();
    const names = wanted ?? (present.length > 0 ? present.map(({ name }) => name) : [DEFAULT_SERVER]);
    this.#checkLeftOut(
      present.filter(({ name }) => !names.includes(name)),
      names,
    );
    const servers = numbered(present, names);
    await this.#database.transaction((writer) => {
      for (const { key: stored } of [...this.#servers.all()]) writer.remove(this.#servers, stored);
      for (const [number, server] of servers) writer.put(this.#servers, key(number), server);
    });
    return this.list();
  }

  /** Volumes of which a server has a replica. */
  volumesOn(server: string): readonly string[] {
    return this.#volumes
      .list()
      .filter(({ replicas }) => replicas.some((replica) => replica.server === server))
      .map(({ name }) => name);
  }

  #checkLeftOut(leftOut: readonly ServerDescription[], wanted: readonly string[]): void {
    const holding = leftOut.filter(({ name }) => this.volumesOn(name).length > 0).map(({ name }) => name);
    if (holding.length === 0) return;
    throw new ConfigurationError(`server ${holding.join(', ')} holds volumes and cannot be left out`, {
      why: `The realm has them there: ${[...new Set(holding.flatMap((name) => this.volumesOn(name)))].join(', ')}.`,
      next: `--servers ${[...wanted, ...holding].join(',')}, or no --servers: then those that it has come up.`,
    });
  }

  /** A realm that was made when there was a single server lists it with its volumes only. */
  #ofVolumes(): readonly ServerDescription[] {
    const replicas = this.#volumes.list().flatMap((volume) => volume.replicas);
    const known = new Map(replicas.map(({ server: name, address }) => [name, { name, address }]));
    return [...known.values()];
  }
}

/** Those that are there keep their numbers; a new one gets the first that is free. */
function numbered(
  present: readonly ServerDescription[],
  names: readonly string[],
): ReadonlyMap<number, ServerDescription> {
  const servers = new Map<number, ServerDescription>();
  for (const server of present) if (names.includes(server.name)) servers.set(numberOf(server), server);
  const known = new Set(present.map(({ name }) => name));
  for (const name of names.filter((wanted) => !known.has(wanted))) {
    let number = 1;
    while (servers.has(number)) number += 1;
    servers.set(number, { name, address: `${NETWORK}${number}` });
  }
  return servers;
}

const NETWORK = '127.10.0.';

function numberOf({ address }: ServerDescription): number {
  return Number(address.slice(NETWORK.length));
}
