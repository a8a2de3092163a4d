import { isErrno } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import type { Credentials } from '../../net/fileProtocol.ts';
import type { WatchedServer } from '../reachability.ts';
import type { UserSession } from '../userSession.ts';

/** One server's replica of a volume. */
export interface ReplicaOf {
  readonly server: WatchedServer;
  readonly volume: number;
  readonly name: string;
}

/** The path of an object at one server, from the root of its volume, whose name stands first (spec/repair.md, 4). @returns undefined for other fids */
export async function pathAtReplica(session: UserSession, fid: Fid): Promise<string | undefined> {
  const replica = replicaOf(session, fid.volume);
  if (!replica) return undefined;
  const credentials = session.credentials();
  const names: string[] = [];
  let at = { ...fid, volume: replica.volume };
  for (let parent = await parentOf(replica, credentials, at); parent;) {
    names.unshift((await replica.server.call('nameOf', { credentials, fid: at })).name);
    at = parent;
    parent = await parentOf(replica, credentials, at);
  }
  return [`<${replica.name}>`, ...names].join('/');
}

/** The directory that an object is in at one server. @returns undefined for other fids @throws VenusError ENOENT */
export async function parentAtReplica(session: UserSession, fid: Fid): Promise<Fid | undefined> {
  const replica = replicaOf(session, fid.volume);
  if (!replica) return undefined;
  const at = { ...fid, volume: replica.volume };
  const parent = (await parentOf(replica, session.credentials(), at)) ?? fail('ENOENT');
  return { ...parent, volume: fid.volume };
}

async function parentOf({ server }: ReplicaOf, credentials: Credentials, fid: Fid): Promise<Fid | undefined> {
  try {
    return (await server.call('getStatus', { credentials, fid })).parent;
  } catch (error) {
    if (isErrno(error, 'ENXIO')) fail('ENOENT');
    throw error;
  }
}

/** The server that has a replica by this id, of the volumes that were seen. */
export function replicaOf({ client }: UserSession, id: number): ReplicaOf | undefined {
  for (const volume of client.knownVolumes()) {
    const location = client.knownLocation(volume);
    const replica = location?.replicas.find((each) => each.volume === id);
    const server = client.realm.servers.find(({ name }) => name === replica?.server);
    if (location && server) return { server, volume, name: location.name };
  }
  return undefined;
}
