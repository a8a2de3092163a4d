import { STATUS_HEADER, toJsonName } from '../../../ipc/socket/routes.ts';
import type { FileStatus } from '../../../ipc/venus.ts';
import { VenusError } from '../../../ipc/errors.ts';
import { errno } from '../../../ipc/errno.ts';
import { type Exchange, type Route, badRequest, write } from './exchange.ts';

/** Directory lines written at a time. */
const LINES = 256;

/** The file tree: `/v1/tree/…`. */
export const treeRoutes: Readonly<Record<string, Route>> = {
  'GET /tree/lstat': async (exchange) => {
    exchange.reply(toJson(await exchange.files.lstat(exchange.name('path'))));
  },

  'GET /tree/resolve': async (exchange) => {
    const { path, status } = await exchange.files.resolve(exchange.name('path'));
    exchange.reply({ path: toJsonName(path), status: toJson(status) });
  },

  'GET /tree/readlink': async (exchange) => {
    exchange.reply({ target: toJsonName(await exchange.files.readlink(exchange.name('path'))) });
  },

  'GET /tree/readdir': async (exchange) => {
    let lines: string[] = [];
    const flush = async () => {
      await send(exchange, 'application/jsonl', lines.join(''));
      lines = [];
    };
    try {
      const withVersions = exchange.optionalNumber('versions') === 1;
      for await (const entry of exchange.files.readdir(exchange.name('path'), { withVersions })) {
        lines.push(`${JSON.stringify({ ...entry, name: toJsonName(entry.name) })}\n`);
        if (lines.length >= LINES) await flush();
      }
      lines.push('{"end":true}\n');
    } catch (error) {
      if (!exchange.response.headersSent) throw error;
      lines.push(`{"errno":${error instanceof VenusError ? error.errno : errno('EIO')}}\n`);
    }
    await flush();
    exchange.response.end();
  },

  'GET /tree/read': (exchange) => sendContents(exchange, exchange.name('path')),

  'PUT /tree/write': async (exchange) => {
    const options = {
      mode: exchange.number('mode'),
      exclusive: exchange.number('exclusive') !== 0,
      modified: exchange.optionalNumber('modified'),
    };
    await exchange.files.write(exchange.name('path'), contents(exchange), options);
    await done(exchange);
  },

  'POST /tree/mkdir': async (exchange) => {
    await exchange.files.mkdir(exchange.name('path'), exchange.number('mode'));
    await done(exchange);
  },

  'POST /tree/symlink': async (exchange) => {
    await exchange.files.symlink(exchange.name('path'), exchange.name('target'));
    await done(exchange);
  },

  'POST /tree/link': async (exchange) => {
    await exchange.files.link(exchange.name('existing'), exchange.name('path'));
    await done(exchange);
  },

  'POST /tree/rename': async (exchange) => {
    await exchange.files.rename(exchange.name('path'), exchange.name('to'));
    exchange.reply({});
  },

  'POST /tree/remove': async (exchange) => {
    await exchange.files.remove(exchange.name('path'));
    exchange.reply({});
  },

  'POST /tree/setattr': async (exchange) => {
    const [mode, owner, modified] = ['mode', 'owner', 'modified'].map((key) => exchange.optionalNumber(key));
    const change = {
      ...(mode === undefined ? {} : { mode }),
      ...(owner === undefined ? {} : { owner }),
      ...(modified === undefined ? {} : { modified }),
    };
    await exchange.files.setattr(exchange.name('path'), change, exchange.optionalNumber('follow') !== 0);
    await done(exchange);
  },

  'GET /tree/access': async (exchange) => {
    await exchange.files.checkAccess(exchange.name('path'), wantedAccess(exchange));
    exchange.reply({});
  },

  // What opening a file takes, in one request: may it, what is it, and its contents unless they are known.
  'GET /tree/open': async (exchange) => {
    const [path, known] = [exchange.name('path'), exchange.optionalName('known')];
    const wanted = wantedAccess(exchange);
    const status = await exchange.files.lstat(path);
    const isKnown = known !== undefined && (known === 'any' || known === status.version);
    if (wanted === 'write' || isKnown) await exchange.files.checkAccess(path, wanted);
    const json = JSON.stringify(toJson(status));
    exchange.response.setHeader(STATUS_HEADER, Buffer.from(json).toString('base64'));
    if (isKnown) exchange.response.end();
    else await sendContents(exchange, path);
  },
};

async function sendContents(exchange: Exchange, path: string): Promise<void> {
  try {
    for await (const bytes of exchange.files.read(path)) {
      await send(exchange, 'application/octet-stream', bytes);
      if (exchange.response.destroyed) return;
    }
  } catch (error) {
    if (!exchange.response.headersSent) throw error;
    // Half a file must not look like a whole one.
    exchange.response.destroy();
    return;
  }
  exchange.response.end();
}

function wantedAccess(exchange: Exchange): 'read' | 'write' {
  const wanted = exchange.name('wanted');
  return wanted === 'read' || wanted === 'write' ? wanted : badRequest('wanted is neither read nor write');
}

/** The answer to a change: what the object is then, for those who want to know. */
async function done(exchange: Exchange): Promise<void> {
  const isAsked = exchange.optionalNumber('status') === 1;
  exchange.reply(isAsked ? { status: toJson(await exchange.files.lstat(exchange.name('path'))) } : {});
}

function toJson(status: FileStatus): object {
  const { ownerName, mountPoint, ...rest } = status;
  return {
    ...rest,
    ...(ownerName === undefined ? {} : { ownerName: toJsonName(ownerName) }),
    ...(mountPoint === undefined ? {} : { mountPoint: toJsonName(mountPoint) }),
  };
}

/** What a client sends, to its end. One that breaks off makes the reading fail, so that no half of a file is stored. */
async function* contents(exchange: Exchange): AsyncGenerator<Uint8Array> {
  yield* exchange.body();
  if (!exchange.request.complete)
    throw new VenusError(errno('EIO'), { why: 'The contents broke off before their end.' });
}

/** Writes at the speed at which the client reads; the head goes before the first part. */
async function send({ response }: Exchange, type: string, data: string | Uint8Array): Promise<void> {
  if (!response.headersSent) response.writeHead(200, { 'content-type': type });
  await write(response, data);
}
