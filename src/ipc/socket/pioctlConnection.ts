import { type Socket, createConnection } from 'node:net';
import { ProtocolError, VenusError, VenusUnavailableError } from '../errors.ts';
import { MAX_OUTPUT, type PioctlRequest, decodeReply, encodeRequest } from '../framing.ts';
import { concatBytes } from '../text.ts';
import { type Milliseconds, monotonicTime, timeLimitError } from '../timeLimit.ts';

interface Pending {
  readonly request: PioctlRequest;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  /** When its time is over, in milliseconds of monotonicTime(). */
  readonly deadline: number;
}

/** Bytes taken from the socket at a time. */
const READ_BUFFER = 16 * 1024;

/**
 * Pioctls over one socket, sent ahead and answered in order. A request past its limit ends the connection,
 * and with it all that wait behind it: venus drops what it has not begun.
 */
export class PioctlConnection {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #timeLimit: Milliseconds;
  readonly #pending: Pending[] = [];
  #received: Uint8Array = new Uint8Array(0);
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  /** Begins to connect; requests may be sent at once. */
  constructor(path: string, timeLimit: Milliseconds) {
    this.#path = path;
    this.#timeLimit = timeLimit;
    // Read without a stream, which would cost a fiftieth of a tool's start.
    const buffer = new Uint8Array(READ_BUFFER);
    const callback = (length: number) => {
      this.#take(buffer.slice(0, length));
      return true;
    };
    this.#socket = createConnection({ path, onread: { buffer, callback } });
    this.#socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#fail(unavailable(path, error.code ?? '', error)),
    );
    this.#socket.on('close', () => this.#fail(closedEarly(path)));
  }

  /** @throws VenusError, TimeLimitError, VenusUnavailableError, ProtocolError */
  pioctl(request: PioctlRequest): Promise<Uint8Array> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending.push({ request, resolve, reject, deadline: monotonicTime() + this.#timeLimit });
      this.#socket.write(encodeRequest(request));
      if (this.#pending.length === 1) this.#watch();
    });
  }

  /** What still waits for an answer fails. */
  close(): void {
    this.#fail(closedEarly(this.#path));
  }

  #take(chunk: Uint8Array): void {
    this.#received = this.#received.length === 0 ? chunk : concatBytes([this.#received, chunk]);
    try {
      for (;;) {
        const decoded = decodeReply(this.#received, MAX_OUTPUT);
        if (!decoded) return;
        this.#received = this.#received.subarray(decoded.length);
        const answered = this.#pending.shift();
        if (!answered) throw new ProtocolError('venus answered something that was not asked');
        this.#watch();
        if (decoded.reply.errno === 0) answered.resolve(decoded.reply.body);
        else answered.reject(new VenusError(decoded.reply.errno));
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Keeps one timer, for the request that has waited longest. */
  #watch(): void {
    clearTimeout(this.#timer);
    const [oldest] = this.#pending;
    if (!oldest) return;
    this.#timer = setTimeout(
      () => this.#expire(oldest.request),
      Math.max(0, oldest.deadline - monotonicTime()),
    );
  }

  #expire(request: PioctlRequest): void {
    const what = `${request.name ?? `opcode ${request.opcode}`} of ${request.path}, ${this.#path}`;
    this.#fail(timeLimitError(what, this.#timeLimit));
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    for (const waiting of this.#pending.splice(0)) waiting.reject(error);
  }
}

/** Nobody listens at the socket, or it may not be used. */
export function unavailable(path: string, code: string, cause: Error): VenusUnavailableError {
  const why =
    code === 'ENOENT'
      ? `There is no socket ${path}.`
      : code === 'ECONNREFUSED'
        ? `Nobody listens at ${path}; the venus that made it is gone.`
        : code === 'EACCES'
          ? `${path} belongs to another user.`
          : `The connection to ${path} failed: ${cause.message}`;
  const next = 'Start one with: coda up';
  return new VenusUnavailableError(`venus is not running at ${path}`, { why, next }, { cause });
}

function closedEarly(path: string): VenusUnavailableError {
  return new VenusUnavailableError(`venus at ${path} closed the connection`, {
    why: 'It was stopped while the request was under way, or it dropped a client it could not serve.',
    next: 'See what it says: coda status',
  });
}
