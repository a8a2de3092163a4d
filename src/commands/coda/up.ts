import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ArchiveFormat, archiveFormats } from '../../cml/archive/entry.ts';
import { checkSocketPath, defaultSocket } from '../../ipc/address.ts';
import { startSpinner } from '../../term/spinner.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError, exitStatusOf } from '../exitStatus.ts';
import { formatOption } from '../formatOption.ts';
import { sizeOption } from '../sizeOption.ts';
import { asFailure, ownProgram, readyOf, tellParent } from './background.ts';

declare const CODA_TOOLKIT_VERSION: string;

/** Bytes. */
const LEAST_CACHE = 1024 * 1024;
const LEAST_OBJECTS = 256;
/** The client of a venus that has no others. */
const DEFAULT_CLIENT = 'venus';
/** What a process that a venus starts for one of its nodes is called; what it is to be, the venus tells it. */
const NODE = 'coda-node';
const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
/** As many as a version vector has places. */
const MAX_SERVERS = 8;

const VENUS = { what: 'venus', log: 'venus.log in its data directory' };

/** A venus that is up. */
interface Started {
  readonly realm: string;
  readonly pid: number;
  /** Where auth2 listens, if it does. */
  readonly auth2Port?: number | undefined;
}

interface Start {
  /** Where it is to be mounted, too. */
  readonly mountDirectory: string | undefined;
  readonly place: Place;
  readonly realm: string | undefined;
  /** Those that it has, if none are named. */
  readonly servers: readonly string[] | undefined;
  /** Whether each server and each client is a process of its own. */
  readonly processes: boolean;
  readonly auth2Port: number | undefined;
}

interface Place {
  readonly dataDirectory: string;
  readonly clients: readonly ClientPlace[];
  /** Bytes; the usual size if it is not given. */
}

interface ClientPlace {
  readonly name: string;
  readonly socket: string;
  readonly settings: Settings;
}

/** Of the clients: as src/venus has them, which is loaded only to run one. */
interface Settings {
  readonly cacheSize?: number;
  readonly cacheObjects?: number;
  readonly checkpointFormat?: ArchiveFormat;
  readonly realConflicts?: boolean;
}

export const up: Command = {
  usage:
    'coda up [--realm NAME] [--data DIR] [--socket PATH] [--servers A,B,...] [--clients A,B,...] ' +
    '[--auth2 PORT] [--processes] [--mount DIR] [--cache-size SIZE] [--cache-objects N] [--checkpoint-format FORMAT] ' +
    '[--real-conflicts] [--foreground]',
  summary: 'start a venus of your own, with its servers: a small Coda on this machine',
  description: [
    'Everything it holds is in the data directory, and survives whatever happens to the process. ' +
      'The first start makes a realm, with a root volume and the groups System:AnyUser and System:Administrators.',
  ],
  options: [
    { flags: '--realm <name>', summary: 'name of the realm, at the first start (default coda.local)' },
    { flags: '--data <dir>', summary: 'where everything is kept (default $XDG_DATA_HOME/coda)' },
    { flags: '--socket <path>', summary: 'where it listens (default $XDG_RUNTIME_DIR/coda/venus.sock)' },
    {
      flags: '--servers <names>',
      summary: 'one to eight file servers, as s1,s2,s3; later, those that it has (default s1)',
    },
    {
      flags: '--clients <names>',
      summary: 'several clients on the same servers, as laptop,desk; CODA_CLIENT picks one',
    },
    {
      flags: '--auth2 <port>',
      summary: 'answer the protocol of auth2, too, on this UDP port of this machine; 0 for any that is free',
    },
    {
      flags: '--processes',
      summary: 'each server and each client as a process of its own; one that dies is started again',
    },
    { flags: '--mount <dir>', summary: 'mount it there, too, as coda mount does' },
    { flags: '--cache-size <size>', summary: 'what files in the cache may take, as 64M or 2G (default 16G)' },
    {
      flags: '--cache-objects <n>',
      summary:
        'how many files, directories and links it holds (default: one for 24K of its size, at least 4096)',
    },
    {
      flags: '--checkpoint-format <format>',
      summary: 'of the checkpoints it writes: pax, newc, odc, ustar or tar (default pax)',
      values: archiveFormats,
    },
    {
      flags: '--real-conflicts',
      summary: 'show conflicts as a real Coda does: as servers and _localcache, without repair sessions',
    },
    { flags: '--foreground', summary: 'stay in the foreground; ^C stops it' },
  ],
  examples: ['coda up', 'coda up --realm example.org --data ~/coda-test --socket ~/coda-test/venus.sock'],
  words: { max: 0 },

  async run(context, _words, options) {
    if (process.argv0 === NODE && process.connected) return asNode();
    const place = placeFor(context, options);
    const start = {
      place,
      realm: options.value('realm'),
      servers: serverNames(options),
      processes: options.flag('processes'),
      mountDirectory: mountDirectoryOf(options, place),
      auth2Port: auth2PortOf(options),
    };
    if (options.flag('foreground')) return inForeground(context, start);
    await clearDeadMounts(context);
    await inBackground(context, start);
    if (start.mountDirectory !== undefined) await mountToo(context, start);
  },
};

/** @throws UsageError */
function mountDirectoryOf(options: Options, { clients }: Place): string | undefined {
  const directory = options.value('mount');
  if (directory === undefined) return undefined;
  if (options.flag('foreground')) throw new UsageError('--mount: not with --foreground; use coda mount');
  if (clients.length > 1)
    throw new UsageError('--mount: with several clients, mount the one that is wanted with coda mount');
  return resolve(directory);
}

/** What killed processes left mounted is in the way of everybody who looks there. */
async function clearDeadMounts(context: Context): Promise<void> {
  const { clearDead } = await import('../../fuse/mounting.ts');
  for (const directory of await clearDead(context.surroundings.uid))
    context.note(`${directory}: took away a mount whose process had ended`);
}

async function mountToo(context: Context, { place, mountDirectory = '' }: Start): Promise<void> {
  const { mountInBackground } = await import('./mountProcess.ts');
  await mountInBackground(context, mountDirectory, place.clients[0]?.socket ?? '');
}

function placeFor({ surroundings }: Context, options: Options): Place {
  const { env } = surroundings;
  const home = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  const dataDirectory = resolve(options.value('data') ?? join(home, 'coda'));
  const names = clientNames(options, dataDirectory);
  const socket = options.value('socket');
  if (socket !== undefined && names.length > 1)
    throw new UsageError(
      '--socket: with several clients each has a socket of its own in the runtime directory',
    );
  const settings = settingsOf(options);
  const clients = names.map((name) => ({
    name,
    settings,
    socket:
      socket === undefined
        ? defaultSocket({ ...surroundings, env: { ...env, CODA_CLIENT: name } })
        : checkSocketPath(resolve(socket)),
  }));
  return { dataDirectory, clients };
}

/** @throws UsageError */
function cacheSizeOf(options: Options): number | undefined {
  const bytes = sizeOption(options, 'cache-size');
  if (bytes !== undefined && bytes < LEAST_CACHE) throw new UsageError('--cache-size: at least 1M');
  return bytes;
}

/** @throws UsageError */
function cacheObjectsOf(options: Options): number | undefined {
  const text = options.value('cache-objects');
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < LEAST_OBJECTS)
    throw new UsageError(`--cache-objects: a number, at least ${LEAST_OBJECTS}`);
  return Number(text);
}

function settingsOf(options: Options): Settings {
  const cacheObjects = cacheObjectsOf(options);
  const checkpointFormat = formatOption(options, 'checkpoint-format');
  const cacheSize = cacheSizeOf(options);
  return {
    ...(cacheSize === undefined ? {} : { cacheSize }),
    ...(cacheObjects === undefined ? {} : { cacheObjects }),
    ...(checkpointFormat === undefined ? {} : { checkpointFormat }),
    ...(options.flag('real-conflicts') ? { realConflicts: true } : {}),
  };
}

/** Those that are asked for, and those that are there already: their logs may hold unsent work. */
function clientNames(options: Options, dataDirectory: string): readonly string[] {
  const names = namesIn(options, 'clients', 'laptop,desk') ?? [];
  const all = new Set([...clientsIn(dataDirectory), ...names]);
  return all.size === 0 ? [DEFAULT_CLIENT] : [...all];
}

/** @throws UsageError */
function serverNames(options: Options): readonly string[] | undefined {
  const names = namesIn(options, 'servers', 's1,s2,s3');
  if (names !== undefined && names.length > MAX_SERVERS)
    throw new UsageError(`--servers: at most ${MAX_SERVERS}`);
  return names;
}

/** @throws UsageError */
function auth2PortOf(options: Options): number | undefined {
  const text = options.value('auth2');
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) < 2 ** 16) return Number(text);
  throw new UsageError(`--auth2: ${text} is no port`);
}

/** Names of nodes with commas between them. @throws UsageError */
function namesIn(options: Options, option: string, example: string): readonly string[] | undefined {
  const text = options.value(option);
  if (text === undefined) return undefined;
  const names = text.split(',');
  if (names.every((name) => NODE_NAME.test(name)) && new Set(names).size === names.length) return names;
  throw new UsageError(`--${option}: ${text} is no list of names, as ${example}`);
}

function clientsIn(dataDirectory: string): readonly string[] {
  const directory = join(dataDirectory, 'clients');
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => NODE_NAME.test(name));
}

/** Runs venus in this process, until a signal or `coda down` ends it. */
async function inForeground(
  context: Context,
  { place, realm, servers, processes, auth2Port }: Start,
): Promise<void> {
  const { startDaemon } = await import('../../venus/daemon.ts');
  const options = {
    ...place,
    realm,
    ...(servers === undefined ? {} : { servers }),
    ...(auth2Port === undefined ? {} : { auth2Port }),
    uid: context.surroundings.uid,
    version: CODA_TOOLKIT_VERSION,
    ...(processes ? { startProcess: () => startNode(place) } : {}),
  };
  try {
    const daemon = await startDaemon(options);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => daemon.stop());
    const started = { realm: daemon.realm, pid: process.pid, auth2Port: daemon.auth2Port };
    if (process.send) tellParent({ ready: started });
    else announce(context, place, started);
    await daemon.ended;
  } catch (error) {
    if (!process.send) throw error;
    tellParent({ failed: asFailure(error, VENUS) });
    context.count(exitStatusOf(error));
  }
}

/** Runs one node of a venus in this process. */
async function asNode(): Promise<void> {
  const { runNode } = await import('../../venus/nodes/runNode.ts');
  await runNode();
}

/** Starts a process for a node. It writes to the log of this one. */
function startNode({ dataDirectory }: Place): ChildProcess {
  return spawn(process.execPath, [ownProgram(), 'up'], {
    argv0: NODE,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    cwd: dataDirectory,
  });
}

/** Starts venus as a process of its own, and waits until it answers. */
async function inBackground(
  context: Context,
  { place, realm, servers, processes, auth2Port }: Start,
): Promise<void> {
  const { makeDirectory } = await import('../../disk/durableDirectory.ts');
  await makeDirectory(place.dataDirectory);
  const log = openSync(join(place.dataDirectory, 'venus.log'), 'a', 0o600);
  const [first] = place.clients;
  const words = ['up', '--foreground', '--data', place.dataDirectory];
  words.push('--clients', place.clients.map(({ name }) => name).join(','));
  if (first && place.clients.length === 1) words.push('--socket', first.socket);
  if (realm !== undefined) words.push('--realm', realm);
  if (servers !== undefined) words.push('--servers', servers.join(','));
  const { cacheSize, cacheObjects, checkpointFormat, realConflicts } = first?.settings ?? {};
  if (cacheSize !== undefined) words.push('--cache-size', String(cacheSize));
  if (cacheObjects !== undefined) words.push('--cache-objects', String(cacheObjects));
  if (checkpointFormat !== undefined) words.push('--checkpoint-format', checkpointFormat);
  if (realConflicts) words.push('--real-conflicts');
  if (processes) words.push('--processes');
  if (auth2Port !== undefined) words.push('--auth2', String(auth2Port));
  const child = spawn(process.execPath, [ownProgram(), ...words], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    cwd: place.dataDirectory,
  });
  closeSync(log);
  const spinner = startSpinner('starting venus', context.terminal);
  const ready = await readyOf(child, context.timeLimit, VENUS, isReady).finally(() => spinner.stop());
  child.unref();
  announce(context, place, ready);
}

function isReady(message: unknown): message is Started {
  return typeof message === 'object' && message !== null && 'realm' in message && 'pid' in message;
}

function announce(
  context: Context,
  { dataDirectory, clients }: Place,
  { realm, pid, auth2Port }: Started,
): void {
  const socket = clients[0]?.socket ?? '';
  if (context.json) {
    const named = clients.map(({ name, socket: at }) => ({ name, socket: at }));
    const more = {
      ...(clients.length > 1 ? { clients: named } : {}),
      ...(auth2Port === undefined ? {} : { auth2Port }),
    };
    context.printJson({ realm, pid, dataDirectory, socket, ...more, failures: [] });
    return;
  }
  const lines = clients.map((client) =>
    clients.length > 1 ? `  client  ${client.name} ${client.socket}` : `  socket  ${client.socket}`,
  );
  if (auth2Port !== undefined) lines.push(`  auth2   127.0.0.1:${auth2Port}`);
  context.print(`venus is up: realm ${realm}, pid ${pid}\n  data    ${dataDirectory}\n${lines.join('\n')}\n`);
  if (clients.length > 1) context.print(`To use one: export CODA_CLIENT=${clients[0]?.name}\n`);
  else if (socket !== safeDefaultSocket(context))
    context.print(`To use it: export CODA_VENUS=unix:${socket}\n`);
  context.note(
    'A new realm has no users. The first one, an administrator: coda realm user add NAME --administrator',
  );
}

function safeDefaultSocket({ surroundings }: Context): string | undefined {
  try {
    return defaultSocket(surroundings);
  } catch {
    return undefined;
  }
}
