import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ROOT, call } from '../../ipc/call.ts';
import { listRealms } from '../../ipc/calls/listRealms.ts';
import { ConfigurationError, UnsupportedError } from '../../ipc/errors.ts';
import { startSpinner } from '../../term/spinner.ts';
import type { Context } from '../context.ts';
import { asFailure, ownProgram, readyOf, tellParent } from './background.ts';

/** Milliseconds that a request of the kernel may take: as long as servers may be away before they count as such. */
const PATIENCE = 300_000;
/** Threads of Node's pool: two wait for the kernel all the time. */
const THREADS = '8';

interface Ready {
  readonly pid: number;
}

/** Serves a mount in this process, until it is unmounted or a signal ends it. */
export async function mountInForeground(context: Context, typed: string): Promise<void> {
  const started = startedAs(logBeside(socketOf(context)));
  try {
    const directory = realDirectory(typed);
    const { MountedCoda } = await import('../../fuse/mountedCoda.ts');
    const [realm = ''] = await call(await context.venus(), listRealms, ROOT);
    const venus = {
      socket: socketOf(context),
      realm,
      timeLimit: PATIENCE,
      ownUid: context.surroundings.uid,
    };
    const workspace = context.surroundings.env['TMPDIR'] || '/var/tmp';
    const mounted = await MountedCoda.mount({ directory, venus, gid: process.getgid?.() ?? 0, workspace });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => void mounted.unmount());
    if (process.send) tellParent({ ready: { pid: process.pid } });
    else announce(context, directory, process.pid);
    await mounted.ended;
  } catch (error) {
    if (!process.send) throw error;
    tellParent({ failed: asFailure(error, started) });
    context.count(1);
  }
}

/** Starts a process that serves a mount, and waits until it is there. */
export async function mountInBackground(context: Context, typed: string, socket: string): Promise<void> {
  const { checkMountable, clearPlace } = await import('../../fuse/mounting.ts');
  const { uid } = context.surroundings;
  checkMountable(uid);
  // A dead mount cannot even be resolved: it is looked for by the name that was typed first.
  if (await clearPlace(resolve(typed), uid))
    context.note(`${typed}: took away a mount whose process had ended`);
  const directory = realDirectory(typed);
  await clearPlace(directory, uid);
  const log = logBeside(socket);
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'a', 0o600);
  const words = ['mount', '--foreground', '--venus', `unix:${socket}`, directory];
  const child = spawn(process.execPath, [ownProgram(), ...words], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
    cwd: '/',
    env: { ...process.env, UV_THREADPOOL_SIZE: THREADS },
  });
  closeSync(output);
  const spinner = startSpinner(`mounting ${directory}`, context.terminal);
  const { pid } = await readyOf(child, context.timeLimit, startedAs(log), isReady).finally(() =>
    spinner.stop(),
  );
  child.unref();
  announce(context, directory, pid);
}

/** The socket of the venus to be mounted. @throws UnsupportedError for a Coda that is mounted already */
export function socketOf(context: Context): string {
  const address = context.address();
  if (address.kind === 'socket') return address.path;
  throw new UnsupportedError(`${address.directory}: this Coda is mounted already`, {
    why: 'Only the embedded venus, which is reached by a socket, can be mounted.',
    next: 'Start one with coda up, and choose it with --venus unix:SOCKET.',
  });
}

function announce(context: Context, directory: string, pid: number): void {
  if (context.json) context.printJson({ directory, pid, failures: [] });
  else context.print(`Coda is mounted at ${directory} (pid ${pid})\n`);
}

function startedAs(log: string) {
  return { what: 'the mount', log };
}

function logBeside(socket: string): string {
  return `${socket.replace(/\.sock$/, '')}.mount.log`;
}

/** Without links, as the kernel lists it. */
function realDirectory(typed: string): string {
  try {
    return realpathSync(typed);
  } catch (cause) {
    throw new ConfigurationError(
      `${typed}: there is no such directory`,
      { next: `Make it first: mkdir ${typed}` },
      { cause },
    );
  }
}

function isReady(message: unknown): message is Ready {
  return typeof message === 'object' && message !== null && 'pid' in message;
}
