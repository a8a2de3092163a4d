import type { Socket } from 'node:net';
import { errno } from '../../ipc/errno.ts';
import { ProtocolError, VenusError } from '../../ipc/errors.ts';
import {
  MAX_INPUT,
  MAX_OUTPUT,
  MAX_PATH,
  type PioctlReply,
  type PioctlRequest,
  type RequestHeader,
  decodeRequest,
  decodeRequestHeader,
  encodeReply,
} from '../../ipc/framing.ts';
import { concatBytes } from '../../ipc/text.ts';
import type { CacheManager } from '../client/cacheManager.ts';
import { Patience } from '../client/patience.ts';
import { UserSession } from '../client/userSession.ts';
import { logFault } from '../log.ts';
import { pioctlHandlers } from '../pioctls/table.ts';

export interface PioctlLimits {
  /** Requests of one connection under way at once; more wait in the socket. */
  readonly inFlight: number;
  /** Milliseconds in which a request must have come whole. */
  readonly requestTime: number;
  /** Milliseconds without a request after which a connection is closed. */
  readonly idleTime: number;
}

export const defaultPioctlLimits: PioctlLimits = { inFlight: 64, requestTime: 10_000, idleTime: 300_000 };

/** A request whose lengths are wrong is answered, and skipped, if what it announces is no longer than this. */
const SKIPPABLE = 64 * 1024;
const MAX_OPCODE = 0xffff;

/**
 * Pioctls on one connection. Each is started as soon as it has come, and answered in its turn; so those sent ahead
 * may take effect in any order, and who needs an order waits for the answer.
 */
export class PioctlDialect {
  readonly #socket: Socket;
  readonly #client: CacheManager;
  readonly #limits: PioctlLimits;
  #uid: number;
  /** Milliseconds that the other side waits for an answer, if it has said so. */
  #timeLimit: number | undefined;
  readonly #gone = new AbortController();
  #received: Uint8Array = new Uint8Array(0);
  #inFlight = 0;
  #ended = false;
  #answers: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, client: CacheManager, uid: number, limits: PioctlLimits) {
    this.#socket = socket;
    this.#client = client;
    this.#uid = uid;
    this.#limits = limits;
    socket.on('data', (bytes: Uint8Array) => this.#take(bytes));
    socket.on('end', () => this.#end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#drop());
    this.#watch();
  }

  #take(bytes: Uint8Array): void {
    this.#received = this.#received.length === 0 ? bytes : concatBytes([this.#received, bytes]);
    this.#next();
  }

  /** Starts what has come whole, as far as the limit allows. */
  #next(): void {
    try {
      while (this.#inFlight < this.#limits.inFlight) {
        const header = decodeRequestHeader(this.#received);
        if (!header) break;
        const length = header.headerLength + header.pathLength + header.inputLength;
        if (!isAcceptable(header) && length > SKIPPABLE) {
          this.#refuse('EINVAL');
          return;
        }
        if (this.#received.length < length) break;
        const frame = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        this.#answer(isAcceptable(header) ? this.#run(decodeRequest(header, frame)) : failure('EINVAL'));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse('EIO');
      return;
    }
    if (this.#inFlight >= this.#limits.inFlight) this.#socket.pause();
    else this.#socket.resume();
    if (!this.#socket.destroyed) this.#watch();
  }

  async #run(request: PioctlRequest): Promise<PioctlReply> {
    const handler = pioctlHandlers.get(request.opcode);
    if (!handler) return failure('EOPNOTSUPP');
    const patience = new Patience(this.#timeLimit, this.#gone.signal);
    const session = new UserSession(this.#client, this.#uid, patience);
    const context = {
      session,
      speakFor: (uid: number) => (this.#uid = uid),
      limitTime: (milliseconds: number) => (this.#timeLimit = milliseconds),
    };
    try {
      return { errno: 0, body: await handler.run(context, request) };
    } catch (error) {
      if (error instanceof VenusError) return { errno: error.errno, body: new Uint8Array(0) };
      logFault(`pioctl ${request.opcode}`, error);
      return failure('EIO');
    }
  }

  /** Sends an answer once those before it have gone. */
  #answer(reply: Promise<PioctlReply>): void {
    this.#inFlight += 1;
    this.#answers = this.#answers.then(async () => {
      const frame = encodeReply(await reply);
      await this.#send(frame);
      this.#inFlight -= 1;
      this.#next();
      if (this.#ended && this.#inFlight === 0) this.#socket.end();
    });
  }

  /** Waits for a client that is slow to read, but not for ever. */
  #send(frame: Uint8Array): Promise<void> {
    if (this.#socket.destroyed || this.#socket.write(frame)) return Promise.resolve();
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => this.#socket.destroy(), this.#limits.requestTime);
      const done = () => {
        clearTimeout(giveUp);
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  /** What follows cannot be understood any more. */
  #refuse(name: 'EIO' | 'EINVAL'): void {
    this.#received = new Uint8Array(0);
    this.#socket.pause();
    this.#ended = true;
    this.#answer(failure(name));
  }

  /** Nobody is there to be answered any more: what has not been started is not, and what waits is given up. */
  #drop(): void {
    clearTimeout(this.#timer);
    this.#gone.abort();
    this.#received = new Uint8Array(0);
  }

  #end(): void {
    this.#ended = true;
    if (this.#inFlight === 0) this.#socket.end();
  }

  /** Drops a client that has begun a request and does not go on, or that has nothing to ask. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#inFlight > 0) return;
    const time = this.#received.length > 0 ? this.#limits.requestTime : this.#limits.idleTime;
    this.#timer = setTimeout(() => this.#socket.destroy(), time);
  }
}

function isAcceptable(header: RequestHeader): boolean {
  const { opcode, pathLength, inputLength, outSize } = header;
  return opcode <= MAX_OPCODE && pathLength <= MAX_PATH && inputLength <= MAX_INPUT && outSize <= MAX_OUTPUT;
}

function failure(name: Parameters<typeof errno>[0]): Promise<PioctlReply> {
  return Promise.resolve({ errno: errno(name), body: new Uint8Array(0) });
}
