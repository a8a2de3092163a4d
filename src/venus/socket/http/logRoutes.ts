import { type ArchiveFormat, archiveFormats } from '../../../cml/archive/entry.ts';
import { ArchiveLimitError } from '../../../cml/archive/errors.ts';
import { statfs } from 'node:fs/promises';
import { formatCmlLine } from '../../../cml/cmlText.ts';
import type { ClientReport, LogReport } from '../../../ipc/insight.ts';
import { toJsonName } from '../../../ipc/socket/routes.ts';
import { ANY_USER } from '../../tree/identity.ts';
import type { CacheManager } from '../../client/cacheManager.ts';
import { toCmlLine } from '../../client/log/cmlLines.ts';
import { bytesOf } from '../../client/log/record.ts';
import { mountPathOf } from '../../client/naming.ts';
import { walk } from '../../client/pathWalk.ts';
import { volumeOf } from '../../client/place.ts';
import { volumeAt } from '../../client/volumeAt.ts';
import { Patience } from '../../client/patience.ts';
import { UserSession } from '../../client/userSession.ts';
import { RefusedError, isErrno } from '../../../ipc/errors.ts';
import { type Exchange, type Route, badRequest, write } from './exchange.ts';

/** What waits in the modify logs, and why: for diagnosis only, so nothing here changes anything or waits for a log. */
export const logRoutes: Readonly<Record<string, Route>> = {
  'GET /logs': async (exchange) => {
    const session = impatient(exchange);
    const logs: object[] = [];
    for (const volume of await volumesAsked(session, exchange.optionalName('path'))) {
      const report = await reportOf(session, volume);
      if (report) logs.push(toJson(report));
    }
    exchange.reply({ logs, client: await clientReport(session.client) });
  },

  'POST /logs/checkpoint': async (exchange) => {
    const { session } = exchange;
    const volume = volumeOf(await walk(session, exchange.name('path'), true));
    const { archive, log, entries, last } = await checkpointOf(session, volume, formatAsked(exchange));
    exchange.reply({ archive, log, entries, last, volume, root: (await mountOf(session, volume)) ?? '???' });
  },

  'POST /logs/purge': async (exchange) => {
    await exchange.session.purge(exchange.number('volume'), exchange.number('last'));
    exchange.reply({});
  },

  'GET /logs/records': async (exchange) => {
    const { response } = exchange;
    const session = impatient(exchange);
    const volume = exchange.number('volume');
    const mount = await mountOf(session, volume);
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    for (let after: number | undefined; !response.destroyed;) {
      const page = session.client.tree.logs.page(volume, after);
      after = page.at(-1)?.sequence;
      if (after === undefined) break;
      const lines = page.map((record) => {
        const { sequence, time, conflict } = record;
        const line = toJsonName(formatCmlLine(toCmlLine(record, mount ?? '???')));
        const fields = { sequence, time, line, bytes: bytesOf(record), conflict: conflict !== undefined };
        return `${JSON.stringify(fields)}\n`;
      });
      await write(response, lines.join(''));
    }
    response.end('{"end":true}\n');
  },
};

function formatAsked(exchange: Exchange): ArchiveFormat | undefined {
  const text = exchange.optionalName('format');
  if (text === undefined) return undefined;
  return archiveFormats.find((format) => format === text) ?? badRequest(`${text} is no format of archives`);
}

async function checkpointOf(session: UserSession, volume: number, format: ArchiveFormat | undefined) {
  try {
    return await session.checkpoint(volume, format);
  } catch (error) {
    if (!(error instanceof ArchiveLimitError)) throw error;
    const { message, why, next } = error;
    throw new RefusedError('archive-limit', message, { ...(why && { why }), ...(next && { next }) });
  }
}

/** The volume that the path lies in, or all with a log. */
async function volumesAsked(session: UserSession, path: string | undefined): Promise<readonly number[]> {
  const all = session.client.tree.logs.volumes();
  if (path === undefined) return all;
  const volume = await volumeAt(session, path);
  return volume === undefined ? all : [volume];
}

/** Who wants to know what holds things up does not wait for it. */
function impatient({ session: { client, uid } }: Exchange): UserSession {
  return new UserSession(client, uid, new Patience(0));
}

async function reportOf(session: UserSession, volume: number): Promise<LogReport | undefined> {
  const { client } = session;
  const { logs, cache } = client.tree;
  const head = logs.head(volume);
  if (!head) return undefined;
  const { entries, bytes } = logs.state(volume);
  const { name, replicas } = await client.locate(volume);
  const mount = await mountOf(session, volume);
  const { conflict } = head;
  const progress = client.reintegrator.progress(volume);
  const obstacle = client.reintegrator.isRunning(volume) ? 'sending' : client.reintegrator.obstacle(volume);
  return {
    volume,
    name,
    ...(mount === undefined ? {} : { mount }),
    entries,
    bytes,
    owner: head.uid,
    ownerName: cache.ownerName(head.viceId),
    waiting: [...client.owners.waiting(volume)],
    token: tokenOf(client, head.uid, head.viceId),
    servers: client.realm.servers
      .filter((server) => replicas.some((replica) => replica.server === server.name))
      .map((server) => ({ name: server.name, reachable: server.isUp })),
    age: client.settings.get(volume).age,
    oldest: head.time,
    newest: logs.last(volume)?.time ?? head.time,
    head: formatCmlLine(toCmlLine(head, mount ?? '???')),
    ...(conflict === undefined ? {} : { conflict }),
    ...(obstacle === undefined ? {} : { obstacle }),
    ...(progress === undefined ? {} : { progress }),
  };
}

async function clientReport({ files, tree, directory }: CacheManager): Promise<ClientReport> {
  const { bavail, bsize } = await statfs(directory);
  const unsent = tree.logs.volumes().reduce((sum, volume) => sum + tree.logs.contents(volume), 0);
  return { cache: { ...files.room(), unsent }, disk: { directory, free: bavail * bsize } };
}

function tokenOf(client: CacheManager, uid: number, viceId: number): LogReport['token'] {
  if (viceId === ANY_USER.id) return 'not needed';
  const token = client.tokens.get(uid, client.realm.name);
  if (!token) return 'none';
  if (token.clear.viceId !== viceId) return 'of another user';
  return token.clear.ends * 1000 > client.now() ? 'valid' : 'expired';
}

/** Where a volume is mounted, from what is known here. */
export async function mountOf(session: UserSession, volume: number): Promise<string | undefined> {
  try {
    return await mountPathOf(session, volume);
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ETIMEDOUT', 'EACCES', 'ENOENT')) return undefined;
    throw error;
  }
}

function toJson({ name, mount, ownerName, head, ...report }: LogReport): object {
  return {
    ...report,
    name: toJsonName(name),
    ...(mount === undefined ? {} : { mount: toJsonName(mount) }),
    ownerName: toJsonName(ownerName),
    head: toJsonName(head),
  };
}
