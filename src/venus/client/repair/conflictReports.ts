import { VenusError, isErrno } from '../../../ipc/errors.ts';
import { type Fid, formatFid } from '../../../ipc/fid.ts';
import type { LocalConflict, Version } from '../../../ipc/repairs.ts';
import type { ObjectStatus } from '../../net/fileProtocol.ts';
import type { Mutation } from '../../net/mutation.ts';
import { type LogRecord, conflictObjectOf } from '../log/record.ts';
import { pathOfFid } from '../naming.ts';
import { toVersion } from '../replicas/version.ts';
import { UserSession } from '../userSession.ts';
import { toLocalMutation, verdictOf } from './localMutation.ts';

/** Questions to the servers under way at a time. */
const AT_ONCE = 32;

interface Conflict {
  readonly object: Fid;
  readonly first: LogRecord;
  readonly refused: number;
  readonly waiting: number;
}

/** All objects of a volume in conflict, from the log alone; only what the servers have instead is asked for. */
export async function* conflictsOf(session: UserSession, volume: number): AsyncGenerator<LocalConflict> {
  const { owner } = session.client.tree.logs.state(volume);
  const asOwner = new UserSession(session.client, owner ?? session.uid);
  const conflicts = conflictsIn(session, volume);
  for (let at = 0; at < conflicts.length; at += AT_ONCE) {
    const some = conflicts.slice(at, at + AT_ONCE);
    yield* await Promise.all(some.map((conflict) => reportOf(asOwner, conflict)));
  }
}

function conflictsIn({ client }: UserSession, volume: number): readonly Conflict[] {
  const { logs } = client.tree;
  const marked = logs.conflicts(volume);
  const { entries } = logs.state(volume);
  const found = new Map<string, { object: Fid; first: LogRecord; refused: number }>();
  for (const record of marked) {
    const object = conflictObjectOf(record);
    const known = found.get(formatFid(object));
    if (known) known.refused += 1;
    else found.set(formatFid(object), { object, first: record, refused: 1 });
  }
  return [...found.values()].map((conflict) => ({ ...conflict, waiting: entries - marked.length }));
}

async function reportOf(
  session: UserSession,
  { object, first, refused, waiting }: Conflict,
): Promise<LocalConflict> {
  const { client } = session;
  const { tree } = client;
  const mutation = toLocalMutation(first, tree.pathTo(object));
  const { errno = 0, why } = first.conflict ?? {};
  const servers = await serverVersions(session, first.mutation);
  return {
    path: (await pathOf(session, object)).replace(/^\/coda/, ''),
    fid: formatFid(object),
    kind: 'local/global',
    type: tree.cache.vnodes.find(object)?.type ?? 'file',
    mutation,
    verdict: verdictOf(mutation, { errno, why }),
    refused,
    waiting,
    owner: tree.cache.ownerName(first.viceId),
    versions: [localVersion(session, first), ...servers],
    isExpanded: client.repairs.of(object) !== undefined,
  };
}

/** As far as it is known here: a volume above may not be mounted any more. */
async function pathOf(session: UserSession, fid: Fid): Promise<string> {
  try {
    return await pathOfFid(session, fid);
  } catch (error) {
    if (error instanceof VenusError) return `???/${session.client.tree.pathTo(fid)}`;
    throw error;
  }
}

function localVersion(session: UserSession, { mutation, viceId, time }: LogRecord): Version {
  const { client } = session;
  const vnode = client.tree.cache.vnodes.find(mutation.fid);
  const common = { place: 'local', host: client.name, ownerName: client.tree.cache.ownerName(viceId) };
  if (!vnode) return { ...common, type: 'none', length: 0, mode: 0, modified: time };
  const { type, mode, length } = session.describe(vnode);
  return { ...common, type, length, mode, modified: time };
}

/** What the servers have in the place of what a mutation is about. */
async function serverVersions(session: UserSession, mutation: Mutation): Promise<readonly Version[]> {
  const server = await session.client.serverOf(mutation.fid.volume);
  try {
    return [toVersion('global', server.name, await serverStatus(session, mutation))];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [toVersion('global', server.name, undefined)];
    if (error instanceof VenusError) return [];
    throw error;
  }
}

async function serverStatus(session: UserSession, mutation: Mutation): Promise<ObjectStatus> {
  const server = await session.client.serverOf(mutation.fid.volume);
  const credentials = session.credentials();
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'link':
      return server.call('lookup', { credentials, directory: mutation.parent, name: mutation.name });
    case 'rename':
      return server.call('lookup', { credentials, directory: mutation.toParent, name: mutation.toName });
    case 'remove':
    case 'rmdir':
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes':
      return server.call('getStatus', { credentials, fid: mutation.fid });
  }
}
