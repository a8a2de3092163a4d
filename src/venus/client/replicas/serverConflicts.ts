import { VenusError, isErrno } from '../../../ipc/errors.ts';
import { formatFid } from '../../../ipc/fid.ts';
import type { Divergence, ServerConflict } from '../../../ipc/repairs.ts';
import type { InconsistentObject, InconsistentPart } from '../../net/fileProtocol.ts';
import { walk } from '../pathWalk.ts';
import { pathOfFid } from '../naming.ts';
import type { UserSession } from '../userSession.ts';
import { toVersion } from './version.ts';
import { type GroupMember, isAway } from '../vsg/poll.ts';
import { StorageGroup } from '../vsg/storageGroup.ts';

/** Objects that a server is asked for at a time. */
const PART = 256;
const ROOT = { vnode: 1, unique: 1 };

export interface ServerConflicts {
  readonly conflicts: readonly ServerConflict[];
  /** Servers of the volume that did not answer: what only they know to be in conflict is missing. */
  readonly silent: readonly string[];
}

/** What one server has of an object in conflict. */
interface Found {
  readonly server: string;
  readonly object: InconsistentObject;
}

/**
 * All objects of a volume that its servers have versions of which could not be merged: from the tables of all servers that
 * answer. In the order of their paths.
 */
export async function serverConflictsOf(session: UserSession, volume: number): Promise<ServerConflicts> {
  const group = await session.client.serverOf(volume);
  if (!(group instanceof StorageGroup)) return { conflicts: [], silent: [] };
  const silent: string[] = [];
  const found = new Map<string, Found[]>();
  const answers = await Promise.all(group.members.map((member) => listOf(session, member, volume)));
  for (const [at, objects] of answers.entries()) {
    const server = group.members[at]?.server.name ?? '';
    if (!objects) silent.push(server);
    for (const object of objects ?? []) {
      const fid = formatFid(object.status.fid);
      found.set(fid, [...(found.get(fid) ?? []), { server, object }]);
    }
  }
  if (found.size === 0) return { conflicts: [], silent };
  const top = await topOf(session, volume);
  const conflicts = [...found.values()].flatMap((all) => reportOf(session, all, top, silent) ?? []);
  return { conflicts: conflicts.sort((one, other) => (one.path < other.path ? -1 : 1)), silent };
}

/** @returns undefined if it does not answer */
async function listOf(
  session: UserSession,
  { server }: GroupMember,
  volume: number,
): Promise<readonly InconsistentObject[] | undefined> {
  const credentials = session.credentials();
  const all: InconsistentObject[] = [];
  try {
    for (let after: number | undefined = 0; after !== undefined;) {
      const part: InconsistentPart = await server.call('listInconsistent', {
        credentials,
        volume,
        after,
        limit: PART,
      });
      all.push(...part.objects);
      after = part.last;
    }
    return all;
  } catch (error) {
    if (isAway(error)) return undefined;
    throw error;
  }
}

/** Where the volume is mounted, from the Coda root, as far as it is known. */
async function topOf(session: UserSession, volume: number): Promise<string> {
  try {
    // The root of the realm is known by its name once somebody has been there.
    await walk(session, `/${session.realm}`, false).catch(ignoreRefusal);
    return (await pathOfFid(session, { volume, ...ROOT })).replace(/^\/coda/, '');
  } catch (error) {
    if (error instanceof VenusError) return '???';
    throw error;
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof VenusError)) throw error;
}

function reportOf(
  { client }: UserSession,
  all: readonly Found[],
  top: string,
  silent: readonly string[],
): ServerConflict | undefined {
  const [first] = all;
  if (!first) return undefined;
  const { fid, type } = first.object.status;
  const path = all.find(({ object }) => object.path !== undefined)?.object.path ?? '???';
  const names = [...new Set(all.flatMap(({ object }) => object.names.map(({ name }) => name)))];
  const causes = all.flatMap(({ object }) => object.causes);
  return {
    path: path === '' ? top : `${top}/${path}`,
    fid: formatFid(fid),
    kind: 'server/server',
    type,
    isExpanded: client.expansions.of(fid) !== undefined,
    causes: [...new Map(causes.map((cause) => [JSON.stringify(cause), cause])).values()],
    versions: all.map(({ server, object }) => toVersion(server, server, object.status)),
    names: names.map((name) => ({
      name,
      versions: all.flatMap(({ server, object }) => {
        const known = object.names.find((each) => each.name === name);
        return known ? [toVersion(server, server, known.status)] : [];
      }),
    })),
    divergences: divergencesOf(all),
    silent: [...silent],
  };
}

/** Updates that some of the servers that were asked have, and others have not. */
function divergencesOf(all: readonly Found[]): Divergence[] {
  const found = new Map<string, Divergence>();
  for (const { server, object } of all)
    for (const { storeId, time, userName, kind, path, to } of object.updates) {
      const id = `${storeId.host} ${storeId.unique}`;
      const known = found.get(id);
      if (known) known.servers.push(server);
      else {
        const led = to === undefined ? {} : { to };
        found.set(id, { servers: [server], user: userName, time, op: kind, path, ...led });
      }
    }
  return [...found.values()]
    .filter(({ servers }) => servers.length < all.length)
    .sort((one, other) => one.time - other.time);
}

/** The volumes to be asked about where none is named: those of the realm, or those that were seen where it cannot be asked. */
export async function replicatedVolumes({ client }: UserSession): Promise<readonly number[]> {
  try {
    const volumes = await client.realm.realm.call('listVolumes', null);
    return volumes.filter(({ replicas }) => replicas.length > 1).map(({ id }) => id);
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT')) throw error;
    return client.knownVolumes().filter((id) => (client.knownLocation(id)?.replicas.length ?? 0) > 1);
  }
}
