/** Which venus the tools talk to (design: `--venus`, `CODA_VENUS`, a mounted Coda, the embedded venus). */
import { existsSync, lstatSync, statfsSync } from 'node:fs';
import { ConfigurationError } from './errors.ts';
import { readConfiguration } from './venusConf.ts';

export type VenusAddress = MountAddress | { readonly kind: 'socket'; readonly path: string };

export interface MountAddress {
  readonly kind: 'mount';
  readonly directory: string;
}

/** What decides it, passed in. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the calling process. */
  readonly uid: number;
}

/** The client of a venus that has no others. */
const CLIENT = 'venus';
/** `statfs` type of a Coda file system. */
const CODA_MAGIC = 0x73757245;
/** Longest socket path that Linux takes; Node cuts longer ones silently. */
const MAX_SOCKET_PATH = 107;

/**
 * @param option value of `--venus`, if given
 * @throws ConfigurationError for an address that cannot be used
 */
export function chooseVenus(option: string | undefined, surroundings: Surroundings): VenusAddress {
  const { env } = surroundings;
  if (option !== undefined) return parseAddress(option, '--venus');
  if (env['CODA_VENUS']) return parseAddress(env['CODA_VENUS'], 'CODA_VENUS');
  const { mountpoint } = readConfiguration(['venus.conf'], env);
  const directory = mountpoint ?? '/coda';
  if (isCodaMounted(directory)) return { kind: 'mount', directory };
  return { kind: 'socket', path: defaultSocket(surroundings) };
}

/** Reads `mount:DIR` or `unix:PATH`. */
export function parseAddress(text: string, source: string): VenusAddress {
  const [, kind, path] = /^(mount|unix):(\/.*)$/s.exec(text) ?? [];
  if (kind === 'mount' && path) return { kind: 'mount', directory: path.replace(/(?<=.)\/+$/, '') };
  if (kind === 'unix' && path) return { kind: 'socket', path: checkSocketPath(path) };
  throw new ConfigurationError(`${source}: ${text} names no venus`, {
    why: 'A venus is named by where it is mounted or by its socket, with an absolute path.',
    next: `Write ${source} as mount:/coda or as unix:/path/venus.sock.`,
  });
}

/** @throws ConfigurationError if the path is longer than a socket's may be */
export function checkSocketPath(path: string): string {
  if (isSocketPath(path)) return path;
  throw new ConfigurationError(`${path}: too long for a socket`, {
    why: `The path has ${Buffer.byteLength(path)} bytes; the system takes ${MAX_SOCKET_PATH}.`,
    next: 'Choose a shorter one with --socket or XDG_RUNTIME_DIR.',
  });
}

/** Whether a path is short enough for a socket. */
export function isSocketPath(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH;
}

/** Where the embedded venus of this user (and of the client that CODA_CLIENT names) listens. */
export function defaultSocket(surroundings: Surroundings): string {
  const client = surroundings.env['CODA_CLIENT'] || CLIENT;
  if (client !== CLIENT && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(client)) {
    throw new ConfigurationError(`CODA_CLIENT: ${client} is not the name of a client`, {
      why: 'Names of clients are made of letters, digits, dot, dash and underscore.',
    });
  }
  return checkSocketPath(`${runtimeDirectory(surroundings)}/${client}.sock`);
}

/** `$XDG_RUNTIME_DIR/coda`, else `/run/user/UID/coda`, else `/tmp/coda-UID`. Nothing is created. */
export function runtimeDirectory({ env, uid }: Surroundings): string {
  if (env['XDG_RUNTIME_DIR']) return `${env['XDG_RUNTIME_DIR']}/coda`;
  if (isOwnDirectory(`/run/user/${uid}`, uid)) return `/run/user/${uid}/coda`;
  const directory = `/tmp/coda-${uid}`;
  checkPrivate(directory, uid);
  return directory;
}

/** Everybody may write to /tmp: what is there by our name must be ours. @throws ConfigurationError if it is not */
export function checkPrivate(directory: string, uid: number): void {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (!found || (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0)) return;
  throw new ConfigurationError(`${directory}: not a private directory of yours`, {
    why: 'Another user may have made it to answer in the place of your venus.',
    next: 'Set XDG_RUNTIME_DIR to a directory that only you can use.',
  });
}

function isOwnDirectory(path: string, uid: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === uid;
}

function isCodaMounted(directory: string): boolean {
  if (!existsSync(directory)) return false;
  try {
    return statfsSync(directory).type === CODA_MAGIC;
  } catch {
    return false;
  }
}
