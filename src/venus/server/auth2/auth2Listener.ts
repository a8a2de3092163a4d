import { randomBytes } from 'node:crypto';
import { type Socket, createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { systemCode } from '../../../disk/systemCode.ts';
import { ConfigurationError } from '../../../ipc/errors.ts';
import { machineClock } from '../../../ipc/rpc2/clock.ts';
import { logFault } from '../../log.ts';
import type { Auth2Accounts } from './accounts.ts';
import { Auth2Server } from './auth2Server.ts';

const [LOOPBACK, LOOPBACK6] = ['127.0.0.1', '::1'];

/** An auth2 server and its sockets. Nobody but this machine can reach it. */
export interface Auth2Listener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens on both loopback addresses; on that of IPv4 alone where there is no IPv6, or another program has the port there.
 * @param wanted UDP port, 0 for any that is free
 * @throws ConfigurationError if it is in use, or not ours to take
 */
export async function openAuth2Listener(wanted: number, accounts: Auth2Accounts): Promise<Auth2Listener> {
  const random = (count: number) => new Uint8Array(randomBytes(count));
  const server = new Auth2Server({ accounts, clock: machineClock, random });
  const sockets = [await listen(LOOPBACK, wanted, server)];
  const { port } = sockets[0]?.address() ?? { port: wanted };
  try {
    sockets.push(await listen(LOOPBACK6, port, server));
  } catch (error) {
    const isMissing = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(systemCode(error) ?? '');
    const isTaken = wanted === 0 && error instanceof ConfigurationError;
    if (!isMissing && !isTaken) {
      await closeAll(sockets);
      throw error;
    }
  }
  return {
    port,
    close: async () => {
      server.close();
      await closeAll(sockets);
    },
  };
}

function listen(host: string, port: number, server: Auth2Server): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    // Peers are addresses already.
    lookup: (name, _options, done) => done(null, name, isIPv6(name) ? 6 : 4),
  });
  socket.on('message', (datagram, { address, port: from }) => {
    const send = (answer: Uint8Array) => socket.send(answer, from, address, ignoreLoss);
    server.receive(new Uint8Array(datagram), { name: `${address} ${from}`, send });
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(listenError(host, port, error));
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners('error').on('error', (error) => logFault('auth2', error));
      resolve(socket);
    });
  });
}

/** A datagram that could not be sent is lost, as others are; the other side asks again. */
function ignoreLoss(): void {}

function listenError(host: string, port: number, error: Error): Error {
  const code = systemCode(error);
  const where = `UDP port ${port} of ${host}`;
  if (code === 'EADDRINUSE')
    return new ConfigurationError(`--auth2: ${where} is in use`, {
      next: 'Choose another one, or 0 for any.',
    });
  if (code === 'EACCES')
    return new ConfigurationError(`--auth2: ${where} is not yours to take`, {
      why: 'Ports below 1024 belong to the system.',
      next: 'Choose a higher one, or 0 for any.',
    });
  return error;
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
}
