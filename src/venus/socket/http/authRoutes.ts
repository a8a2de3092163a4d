import { encodeClearToken } from '../../../ipc/clearToken.ts';
import { RefusedError } from '../../../ipc/errors.ts';
import { loginRequestSchema, passwordChangeSchema } from '../../../ipc/socket/routes.ts';
import { randomBytes } from 'node:crypto';
import type { Exchange, Route } from './exchange.ts';

const HANDSHAKE_KEY = 8;
/** Every token has this handle (spec/auth.md, 7.1). */
const AUTH_HANDLE = -1;

/** Logins and passwords: `/v1/auth/…`. */
export const authRoutes: Readonly<Record<string, Route>> = {
  'POST /auth/token': async (exchange) => {
    const { user, realm, password, lifetime } = await exchange.json(loginRequestSchema);
    checkRealm(exchange, realm);
    const { realm: server } = exchange.session.client.realm;
    const { secret, viceId, begins, ends } = await server.call('login', { user, password, lifetime });
    const handshakeKey = randomBytes(HANDSHAKE_KEY);
    const clear = encodeClearToken({ authHandle: AUTH_HANDLE, handshakeKey, viceId, begins, ends });
    exchange.reply({ secret: base64(secret), clear: base64(clear) });
  },

  'POST /auth/password': async (exchange) => {
    const { user, realm, oldPassword, newPassword } = await exchange.json(passwordChangeSchema);
    checkRealm(exchange, realm);
    await exchange.session.client.realm.realm.call('changePassword', { user, oldPassword, newPassword });
    exchange.reply({});
  },
};

function checkRealm(exchange: Exchange, realm: string): void {
  if (realm === exchange.session.realm) return;
  throw new RefusedError('unknown-realm', `no realm ${realm}`, {
    why: `This venus knows the realm ${exchange.session.realm}.`,
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
