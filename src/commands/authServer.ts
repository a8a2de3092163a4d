import { type AuthServer, embeddedAuthServer } from '../auth/login.ts';
import { ROOT, call } from '../ipc/call.ts';
import { listServers } from '../ipc/calls/listServers.ts';
import { CodaError, UnsupportedError } from '../ipc/errors.ts';
import type { Context } from './context.ts';

/** `-host` names something that is no server of the realm. */
class NoAuthServerError extends CodaError {
  readonly code = 'no-auth-server';
}

/**
 * Where passwords are checked.
 * @param host value of `-host`: the embedded realm has its auth server on its first file server
 * @throws UnsupportedError on a mounted Coda
 */
export async function openAuthServer(context: Context, host: string | undefined): Promise<AuthServer> {
  if (!context.isEmbedded()) {
    throw new UnsupportedError('no login with a password at a mounted Coda yet', {
      why: 'Its auth2 servers speak RPC2, which this version does not.',
      next: 'Log in with the C clog, or give venus a token that was saved: clog -fromfile FILE',
    });
  }
  if (host !== undefined) await checkHost(context, host);
  return embeddedAuthServer(await context.http('a login'));
}

async function checkHost(context: Context, host: string): Promise<void> {
  const servers = await call(await context.pioctls(), listServers, ROOT);
  if (servers.some(({ name, address }) => host === name || host === address)) return;
  throw new NoAuthServerError(`${host}: no auth server of this realm`, {
    why: `Its servers are: ${servers.map(({ name, address }) => `${name} (${address})`).join(', ')}.`,
  });
}
