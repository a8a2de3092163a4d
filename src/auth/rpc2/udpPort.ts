import { createSocket } from 'node:dgram';
import type { DatagramPort, ServerAddress } from './ports.ts';

/**
 * A UDP socket for one server. It takes datagrams from anywhere, since a server with several addresses may answer from
 * another one; who seals them is what counts.
 */
export function openUdpPort({ address, family, port }: ServerAddress): DatagramPort {
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // It is an address already.
    lookup: (name, _options, done) => done(null, name, family),
  });
  let [problem, isClosed]: [string | undefined, boolean] = [undefined, false];
  // What is reported here is about a datagram that was lost.
  socket.on('error', (error) => (problem = error.message));
  return {
    send: (datagram) => {
      if (isClosed) return;
      socket.send(datagram, port, address, (error) => (problem = error?.message));
    },
    onDatagram: (handler) => void socket.on('message', (datagram) => handler(new Uint8Array(datagram))),
    get problem() {
      return problem;
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      socket.close();
    },
  };
}
