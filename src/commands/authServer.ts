import type { ServerAddress } from '../auth/rpc2/ports.ts';
import { type AuthServer, embeddedAuthServer } from '../auth/login.ts';
import { hostsOf, readRealmsFile } from '../auth/realms/realmsFile.ts';
import { ROOT, call } from '../ipc/call.ts';
import { listServers } from '../ipc/calls/listServers.ts';
import { CodaError, VenusUnavailableError } from '../ipc/errors.ts';
import type { Auth2Options } from '../auth/auth2Login.ts';
import type { Option, Options } from './command.ts';
import type { Context } from './context.ts';
import { UsageError } from './exitStatus.ts';

/** `-host` names something that is no server of the realm. */
class NoAuthServerError extends CodaError {
  readonly code = 'no-auth-server';
}

export const insecureOption: Option = {
  flags: '--allow-insecure',
  summary: 'log in even at a server that is too old to do it safely: whoever listens learns the password',
};

/** Where a realm's passwords are known: in the embedded venus, or at auth2 servers. */
export type AuthPlace =
  { readonly kind: 'embedded' } | { readonly kind: 'auth2'; readonly servers: readonly ServerAddress[] };

/**
 * Where passwords are checked: by auth2 on a mounted Coda, at a host that is named, and for a realm that the realms file
 * has; by the embedded venus otherwise.
 * @param options with `host` and `allow-insecure`
 * @throws NoServersError, NoAuthServerError
 */
export async function openAuthServer(context: Context, realm: string, options: Options): Promise<AuthServer> {
  const place = await authPlaceOf(context, realm, options.value('host'));
  if (place.kind === 'embedded') return embeddedAuthServer(await context.http('a login'));
  const { auth2AuthServer } = await import('../auth/auth2Login.ts');
  return auth2AuthServer({ servers: place.servers, ...auth2Settings(context, options) });
}

export async function authPlaceOf(
  context: Context,
  realm: string,
  host: string | undefined,
): Promise<AuthPlace> {
  const isMounted = !context.isEmbedded();
  if (host !== undefined && !isMounted && (await isEmbedded(context, host))) return { kind: 'embedded' };
  const realmsFile = readRealmsFile(context.surroundings.env);
  if (host === undefined && !isMounted && !hostsOf(realm, realmsFile)) return { kind: 'embedded' };
  const { auth2ServerAt, auth2ServersOf } = await import('../auth/realms/realmServers.ts');
  const { machineResolver } = await import('../auth/realms/resolver.ts');
  const { readServices } = await import('../auth/realms/services.ts');
  const lookup = { resolver: machineResolver, realmsFile, services: readServices(), chance: Math.random };
  const found = host === undefined ? auth2ServersOf(realm, lookup) : auth2ServerAt(host, lookup);
  return { kind: 'auth2', servers: await context.waitFor(`addresses of ${host ?? realm}`, found) };
}

/**
 * Whether a host is a file server of the embedded venus, which then checks the password itself.
 * @throws NoAuthServerError for what is neither that nor looks like a host
 */
async function isEmbedded(context: Context, host: string): Promise<boolean> {
  try {
    const servers = await call(await context.pioctls(), listServers, ROOT);
    if (servers.some(({ name, address }) => host === name || host === address)) return true;
    if (/[.:]/.test(host) || host === 'localhost') return false;
    throw new NoAuthServerError(`${host}: no auth server of this realm`, {
      why: `Its servers are: ${servers.map(({ name, address }) => `${name} (${address})`).join(', ')}.`,
      next: 'Another host is named in full, or with its port: HOST:370',
    });
  } catch (error) {
    // A login at a server needs no venus.
    if (error instanceof VenusUnavailableError) return false;
    throw error;
  }
}

/** How to speak to auth2 servers. */
export function auth2Settings(context: Context, options: Options): Omit<Auth2Options, 'servers'> {
  return { keySize: keySizeOf(context), allowInsecure: options.flag('allow-insecure') };
}

/** As the C library reads it: bytes, or bits where that would be too many. */
function keySizeOf({ surroundings }: Context): number {
  const size = Number(surroundings.env['RPC2SEC_KEYSIZE'] ?? 0);
  if (!Number.isSafeInteger(size) || size < 0)
    throw new UsageError('RPC2SEC_KEYSIZE: not a number of bytes, as 19, 27 or 35');
  return size > 64 ? Math.floor(size / 8) : size;
}
