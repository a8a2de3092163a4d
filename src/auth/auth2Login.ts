import { randomBytes } from 'node:crypto';
import { machineClock } from '../ipc/rpc2/clock.ts';
import { encodeText } from '../ipc/text.ts';
import type { AuthServer } from './login.ts';
import { Auth2Error, Auth2Session } from './rpc2/auth2Session.ts';
import type { BindRequest } from './rpc2/bindFirst.ts';
import type { ServerAddress } from './rpc2/ports.ts';
import { openUdpPort } from './rpc2/udpPort.ts';

export interface Auth2Options {
  /** To be tried in this order. */
  readonly servers: readonly ServerAddress[];
  /** Bytes of key to ask the server for; 0 for what it likes. */
  readonly keySize: number;
  /** Whether a server may be spoken to that knows only the old handshake. */
  readonly allowInsecure: boolean;
}

const surroundings = {
  openPort: openUdpPort,
  clock: machineClock,
  random: (count: number) => new Uint8Array(randomBytes(count)),
};

/** The auth2 servers of a realm. Tokens of theirs live as long as they like: they cannot be asked for a lifetime. */
export function auth2AuthServer(options: Auth2Options): AuthServer {
  return {
    kind: 'auth2',
    login: async ({ user }, password) => {
      const session = await openAuth2(options, { user, password });
      try {
        const token = await session.getToken();
        // The token is here: whether the server hears that this was all does not matter.
        await session.quit().catch(() => undefined);
        return token;
      } finally {
        session.close();
      }
    },
    changePassword: async ({ user }, oldPassword, newPassword) => {
      await onFirstThatWrites(options, { user, password: oldPassword }, async (session) => {
        await session.changePassword(await session.idOf(user), encodeText(newPassword));
      });
    },
  };
}

/** A conversation with the first server that takes one. @throws Rpc2Error */
export function openAuth2(
  { servers, keySize, allowInsecure }: Auth2Options,
  who: Pick<BindRequest, 'user' | 'password'>,
): Promise<Auth2Session> {
  return Auth2Session.open({ servers, keySize, allowInsecure, ...who }, surroundings);
}

const READ_ONLY = 'auth-read-only';

/** Only the server on the SCM takes changes: one that says so is passed over while there are others. */
async function onFirstThatWrites(
  options: Auth2Options,
  who: Pick<BindRequest, 'user' | 'password'>,
  work: (session: Auth2Session) => Promise<void>,
): Promise<void> {
  const { servers } = options;
  for (const [at, server] of servers.entries()) {
    try {
      const isLast = at === servers.length - 1;
      const session = await openAuth2({ ...options, servers: isLast ? [server] : servers.slice(at) }, who);
      try {
        await work(session);
      } finally {
        session.close();
      }
      return;
    } catch (error) {
      const goesOn = error instanceof Auth2Error && error.code === READ_ONLY && at < servers.length - 1;
      if (!goesOn) throw error;
    }
  }
}
