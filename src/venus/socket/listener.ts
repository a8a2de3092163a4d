import { chmodSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { type Server, type Socket, createConnection, createServer } from 'node:net';
import { dirname } from 'node:path';
import { checkSocketPath } from '../../ipc/address.ts';
import { ConfigurationError, InUseError } from '../../ipc/errors.ts';

/** Connections at once; more are closed at once. */
const MAX_CONNECTIONS = 256;
/** Milliseconds in which a new connection must say which dialect it speaks. */
const FIRST_BYTE = 10_000;
const [WRITABLE_BY_OTHERS, STICKY] = [0o022, 0o1000];
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
    checkSocketPath(path);
    const directory = dirname(path);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    checkDirectory(directory, uid);
    await removeStale(path);
    const listener = new Listener(path, pioctl, http);
    await listener.#listen();
    chmodSync(path, 0o600);
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

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.once('listening', () => {
        this.#server.off('error', reject);
        resolve();
      });
      // The socket is made at once, and nothing else under this mask.
      const before = process.umask(0o177);
      try {
        this.#server.listen(this.path);
      } finally {
        process.umask(before);
      }
    });
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

/** Nobody else may be able to put a socket of his own in the place of ours. */
function checkDirectory(directory: string, uid: number): void {
  const { uid: owner, mode } = statSync(directory);
  const othersCanReplace = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
  if ((owner === uid || owner === 0) && !othersCanReplace) return;
  throw new ConfigurationError(`${directory}: other users may change what is in it`, {
    why: 'One of them could answer in the place of your venus.',
    next: 'Choose a directory that only you can change, with --socket or XDG_RUNTIME_DIR.',
  });
}

/** A socket that a killed venus left behind is in the way of the next one; one that is only busy stays. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new ConfigurationError(`${path}: there is something else by that name`);
  const answered = await new Promise<boolean>((resolve) => {
    const probe = createConnection({ path }, () => {
      probe.destroy();
      resolve(true);
    }).on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
  if (answered) {
    throw new InUseError(`${path}: another venus answers there`, {
      why: 'It runs with another data directory.',
      next: 'Stop it with coda down, or give this one a socket of its own with --socket.',
    });
  }
  rmSync(path, { force: true });
}
