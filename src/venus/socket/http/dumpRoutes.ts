import { RefusedError, VenusError, isErrno } from '../../../ipc/errors.ts';
import { toJsonName } from '../../../ipc/socket/routes.ts';
import { errno } from '../../../ipc/errno.ts';
import type { RestoreReport, RestoreRequest } from '../../net/dumpProtocol.ts';
import { asFailure } from '../../net/failure.ts';
import type { VolumeLocation } from '../../net/realmProtocol.ts';
import type { FileProtocol } from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import { logFault } from '../../log.ts';
import type { CacheManager } from '../../client/cacheManager.ts';
import type { WatchedServer } from '../../client/reachability.ts';
import { StorageGroup } from '../../client/vsg/storageGroup.ts';
import { type Exchange, type Route, badRequest, write } from './exchange.ts';

/** Milliseconds for which whoever reads a dump, or sends one, may pause: to change a tape. */
const PAUSE = 60 * 60_000;
/** Milliseconds between two lines that say that the work goes on. */
const SIGN_OF_LIFE = 1000;

/** Dumps and restores of volumes. The owner of the socket is the realm's operator, as in all of `/v1/realm`. */
export const dumpRoutes: Readonly<Record<string, Route>> = {
  'POST /realm/dump': async (exchange) => {
    const { session, request, response } = exchange;
    const volume = await locate(exchange, exchange.name('volume'));
    const { id } = volume;
    const server = await dumpingServer(session.client, volume, exchange.optionalName('server'));
    const hasBase = exchange.number('base') !== 0;
    request.socket.setTimeout(PAUSE);
    const about = { volume: id, realm: session.realm, server: server.name, hasBase };
    const { handle } = await server.call('openDump', about);
    try {
      if (hasBase)
        for await (const bytes of exchange.body()) await server.call('sendDumpBase', { handle, bytes });
      for (let isEnd = false; !isEnd && !response.destroyed;) {
        const part = await server.call('readDump', { handle });
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/octet-stream' });
        if (part.bytes.length > 0) await write(response, part.bytes);
        isEnd = part.isEnd;
      }
      response.end();
    } finally {
      await server.call('closeDump', { handle }).catch(unlessGone);
    }
  },

  'POST /realm/restore': async (exchange) => {
    const kind = exchange.name('kind');
    if (kind === 'full') await restoreFull(exchange);
    else if (kind === 'increment') await restoreIncrement(exchange);
    else badRequest(`no restore of the kind ${kind}`);
  },
};

/**
 * The server that a dump comes from. Without a name they are brought to the same state first as far as that can be done, so
 * that the dump has what any of those that can be reached has.
 * @throws RefusedError unknown-name if the one that is named does not hold the volume
 */
async function dumpingServer(
  client: CacheManager,
  { id, replicas }: VolumeLocation,
  name: string | undefined,
): Promise<WatchedServer> {
  if (name === undefined) {
    const group = await client.serverOf(id);
    if (group instanceof StorageGroup)
      await group.call('resolveVolume', { volume: id }).catch((error: unknown) => {
        if (!(error instanceof VenusError)) throw error;
      });
    return oneServer(client, id);
  }
  const holders = replicas.map(({ server }) => server);
  const named = client.realm.servers.find((server) => server.name === name);
  if (named && holders.includes(name)) return named;
  throw new RefusedError('unknown-name', `${name} holds no replica of the volume`, {
    why: `These do: ${holders.join(', ')}.`,
  });
}

/** The server of a volume, or of several the first that can be reached. */
async function oneServer(client: CacheManager, volume: number): Promise<WatchedServer> {
  const group = await client.serverOf(volume);
  return group instanceof StorageGroup ? group.any().server : group;
}

async function restoreFull(exchange: Exchange): Promise<void> {
  const { realm, servers } = exchange.session.client.realm;
  const [name, wanted] = [exchange.name('name'), exchange.number('wanted')];
  const location = await realm.call('reserveVolume', { name, wanted });
  const [replica] = location.replicas;
  const server = servers.find((known) => known.name === replica?.server);
  if (!replica || !server) return badRequest('the realm has no server');
  const members = location.replicas.map((each) => ({ server: each.server, replica: each.volume }));
  const isPartial = exchange.number('partial') !== 0;
  const about = { volume: location.id, name, replica: replica.volume, members, isPartial };
  await restore(exchange, location, [server], { kind: 'full', ...about }, async () => {
    await realm.call('publishVolume', location);
    // The others get it as a server does that has lost it.
    if (members.length > 1) await server.call('resolveVolume', { volume: location.id });
  });
}

async function restoreIncrement(exchange: Exchange): Promise<void> {
  const location = await locate(exchange, exchange.name('name'));
  const { id: volume, name } = location;
  const { client } = exchange.session;
  const group = await client.serverOf(volume);
  const servers = group instanceof StorageGroup ? group.members.map(({ server }) => server) : [group];
  // It fits onto one state only: all servers must have it, and get to the next one.
  await Promise.all(servers.map((server) => server.call('probe', null)));
  if (group instanceof StorageGroup) await group.resolve();
  const request = { kind: 'increment', volume, name } as const;
  await restore(exchange, location, servers, request, () => Promise.resolve());
}

/** @param settle is called when all has come and is right */
async function restore(
  exchange: Exchange,
  { id, name }: VolumeLocation,
  servers: readonly Remote<FileProtocol>[],
  asked: RestoreRequest,
  settle: () => Promise<void>,
): Promise<void> {
  exchange.request.socket.setTimeout(PAUSE);
  const opened: { readonly server: Remote<FileProtocol>; readonly handle: number }[] = [];
  try {
    for (const server of servers) opened.push({ server, ...(await server.call('openRestore', asked)) });
    for await (const bytes of exchange.body())
      await Promise.all(opened.map(({ server, handle }) => server.call('writeRestore', { handle, bytes })));
    if (!exchange.request.complete)
      throw new VenusError(errno('EIO'), { why: 'The dump broke off on its way to venus.' });
    await withSignsOfLife(exchange, async () => {
      const reports: RestoreReport[] = [];
      for (const { server, handle } of opened) reports.push(await server.call('finishRestore', { handle }));
      await settle();
      const [report] = reports;
      return report ? { report: toJson(id, name, report) } : {};
    });
  } catch (error) {
    for (const { server, handle } of opened)
      await server.call('abandonRestore', { handle }).catch(unlessGone);
    throw error;
  }
}

/** A server that has gone has given up what it did for us. */
function unlessGone(error: unknown): void {
  if (!isErrno(error, 'ETIMEDOUT')) logFault('dump', error);
}

/** Answers when something is done; until then says again and again that it goes on. What fails is thrown as well. */
async function withSignsOfLife({ response }: Exchange, work: () => Promise<object>): Promise<void> {
  const say = (line: object) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/jsonl' });
    response.write(`${JSON.stringify(line)}\n`);
  };
  const timer = setInterval(() => say({ working: true }), SIGN_OF_LIFE);
  try {
    say(await work());
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    const failure = asFailure(error);
    const { message, why, next } = failure;
    const code = failure instanceof RefusedError ? { code: failure.code } : { errno: failure.errno };
    const advice = { ...(why === undefined ? {} : { why }), ...(next === undefined ? {} : { next }) };
    say({ failure: { ...code, message, ...advice } });
    response.end();
    throw error;
  } finally {
    clearInterval(timer);
  }
}

function toJson(volume: number, name: string, report: RestoreReport): object {
  const { kind, unknown, damages, damageCount, lostObjects, lostFiles, standIns } = report;
  return {
    volume,
    name,
    kind,
    counters: Object.fromEntries(Object.entries(report.counters).map(([key, count]) => [key, String(count)])),
    unknown: unknown.map(({ id, name: principal, isKept }) => ({
      id,
      ...(principal === undefined ? {} : { name: toJsonName(principal) }),
      isKept,
    })),
    damages: damages.map((damage) => ({
      ...damage,
      offset: String(damage.offset),
      length: String(damage.length),
    })),
    damageCount,
    ...(lostObjects === undefined ? {} : { lostObjects: String(lostObjects) }),
    lostFiles: lostFiles.map(toJsonName),
    standIns,
  };
}

/** @throws RefusedError unknown-name */
async function locate({ session }: Exchange, name: string): Promise<VolumeLocation> {
  const { location } = await session.client.realm.realm.call('locateVolume', { name });
  if (location) return location;
  throw new RefusedError('unknown-name', `there is no volume ${name}`, {
    next: 'coda realm volume list names those there are.',
  });
}
