import { type Server, type Socket, createServer } from 'node:net';
import { listenPrivately } from './privateSocket.ts';

/** Connections at once; more are closed at once. */
const MAX_CONNECTIONS = 256;
/** Milliseconds in which a new connection must say which dialect it speaks. */
const FIRST_BYTE = 10_000;
const [DIGIT_0, DIGIT_9] = [0x30, 0x39];

/** Serves one connection of a dialect. */
export type Accept = (socket: Socket) => void;

/**
 * The socket of a client. The first byte of a connection tells its dialect: a digit begins a pioctl, anything else is
 * HTTP. Only its owner can connect.
 */
export class Listener {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @throws InUseError if another process answers there; ConfigurationError if others could replace the socket */
  static async open(path: string, uid: number, pioctl: Accept, http: Accept): Promise<Listener> {
    const listener = new Listener(path, pioctl, http);
    await listenPrivately(listener.#server, path, uid);
    return listener;
  }

  private constructor(path: string, pioctl: Accept, http: Accept) {
    this.path = path;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      tellDialect(socket, pioctl, http);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Takes no more connections, and closes those there are. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function tellDialect(socket: Socket, pioctl: Accept, http: Accept): void {
  const giveUp = setTimeout(() => socket.destroy(), FIRST_BYTE);
  const discard = () => socket.destroy();
  socket.on('error', discard);
  socket.once('end', discard);
  socket.once('close', () => clearTimeout(giveUp));
  const look = () => {
    const bytes: unknown = socket.read();
    if (!(bytes instanceof Uint8Array)) return;
    clearTimeout(giveUp);
    socket.off('readable', look);
    socket.off('end', discard);
    socket.off('error', discard);
    socket.unshift(bytes);
    const [first = 0] = bytes;
    if (first >= DIGIT_0 && first <= DIGIT_9) pioctl(socket);
    else http(socket);
  };
  socket.on('readable', look);
}
