import type { Clock, Random } from '../../ipc/rpc2/clock.ts';
import { AuthenticationType, SecurityLevel } from '../../ipc/rpc2/codes.ts';
import { keyOfSecret, passwordSecret } from '../../ipc/rpc2/keyDerivation.ts';
import { wipeXcbc } from '../../ipc/rpc2/xcbc.ts';
import { concatBytes, encodeText } from '../../ipc/text.ts';
import { Rpc2Connection } from './connection.ts';
import { Rpc2Error } from './errors.ts';
import type { DatagramPort, ServerAddress } from './ports.ts';

/** The world outside, as connections need it. */
export interface Surroundings {
  readonly openPort: (server: ServerAddress) => DatagramPort;
  readonly clock: Clock;
  readonly random: Random;
}

export interface BindRequest {
  /** To be tried in this order. At least one. */
  readonly servers: readonly ServerAddress[];
  readonly user: string;
  readonly password: string;
  readonly subsystem: number;
  readonly keySize?: number;
  /** Whether the old handshake will do, which hides nothing from those who listen. */
  readonly allowInsecure?: boolean;
}

/**
 * A connection to the first server that takes one. One that refuses user or password ends the search; after any other
 * failure the next one is tried.
 * @throws Rpc2Error if there was none: that of the only server, or one that names them all
 */
export async function bindFirst(request: BindRequest, surroundings: Surroundings): Promise<Rpc2Connection> {
  const { servers, user, password, subsystem, keySize = 0, allowInsecure = false } = request;
  const { openPort, clock, random } = surroundings;
  const bytes = passwordSecret(password);
  const secret = keyOfSecret(bytes);
  const caller = {
    securityLevel: SecurityLevel.Secure,
    authenticationType: AuthenticationType.UserName,
    identity: concatBytes([encodeText(user), Uint8Array.of(0)]),
    secret,
    insecureSecret: allowInsecure ? bytes : undefined,
  };
  const failures: Rpc2Error[] = [];
  try {
    for (const address of servers) {
      const port = openPort(address);
      const server = address.name;
      const connection = new Rpc2Connection({
        server,
        port,
        clock,
        random,
        caller,
        subsystem,
        keySize,
      });
      try {
        await connection.bind();
        return connection;
      } catch (error) {
        connection.unbind();
        if (!(error instanceof Rpc2Error) || endsSearch(error)) throw error;
        failures.push(error);
      }
    }
  } finally {
    wipeXcbc(secret);
    bytes.fill(0);
  }
  throw together(failures);
}

function endsSearch({ code }: Rpc2Error): boolean {
  return code === 'wrong-password' || code === 'unknown-user';
}

/** The failure that leaves most to hope for, with what was the matter with each server. */
function together(failures: readonly Rpc2Error[]): Rpc2Error {
  const order = ['server-busy', 'server-refused', 'connection-lost', 'server-too-old', 'server-dead'];
  const [first, ...others] = [...failures].sort((a, b) => order.indexOf(a.code) - order.indexOf(b.code));
  if (!first) throw new Error('no server to bind to was named');
  if (others.length === 0) return first;
  return new Rpc2Error(first.code, {
    message: failures.map(({ message }) => message).join('; '),
    returnCode: first.returnCode,
    ...(first.why === undefined ? {} : { why: first.why }),
    ...(first.next === undefined ? {} : { next: first.next }),
  });
}
