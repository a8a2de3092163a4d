import { type Socket, createConnection } from 'node:net';
import * as v from 'valibot';
import { logFault } from '../log.ts';
import { fromSentFailure, noAnswer } from './failure.ts';
import { type Frame, FrameReader, answeredSchema, encodeFrame } from './frames.ts';
import type { Protocol, Remote } from './link.ts';
import type { Network } from './network.ts';

export interface SocketLinkOptions {
  /** Of the socket where the other node listens. */
  readonly path: string;
  /** Names of this node and of the other one. */
  readonly from: string;
  readonly to: string;
  readonly service: string;
  readonly network: Network;
  /** Milliseconds of silence, while an answer is awaited, after which the other process counts as stopped. */
  readonly silence?: number;
  /** Called when a connection is lost: the other process has ended, or forgotten us. */
  readonly onLost?: () => void;
}

const SILENCE = 15_000;
/** Pings in that time. */
const PINGS = 5;

/**
 * The way from a node to a service of another one that is a process of its own. It connects when it is needed. A call
 * that is out when the connection is lost, or when the way is cut, gets no answer: ETIMEDOUT.
 */
export class SocketLink<P extends Protocol<P>> implements Remote<P> {
  readonly #options: SocketLinkOptions;
  readonly #unwatch: () => void;
  #connection: Connection | undefined;
  #isClosed = false;

  constructor(options: SocketLinkOptions) {
    this.#options = options;
    this.#unwatch = options.network.onCut(() => {
      if (!this.#isUp()) this.#connection?.end();
    });
  }

  async call<Name extends keyof P>(name: Name, request: P[Name]['request']): Promise<P[Name]['reply']> {
    if (this.#isClosed || !this.#isUp()) throw noAnswer();
    if (!this.#connection?.isUsable) this.#connection = this.#connect();
    const reply = await this.#connection.call(String(name), request);
    if (this.#isReply(name, reply)) return reply;
    throw noAnswer();
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    this.#connection?.end();
  }

  #isUp(): boolean {
    const { network, from, to } = this.#options;
    return !network.isCut(from, to);
  }

  /** Both ends are processes of one program: beyond its frame, what one says is what the other expects. */
  #isReply<Name extends keyof P>(_name: Name, reply: unknown): reply is P[Name]['reply'] {
    return reply !== undefined;
  }

  #connect(): Connection {
    const connection = new Connection(this.#options, (wasOpen) => {
      if (this.#connection === connection) this.#connection = undefined;
      if (wasOpen && !this.#isClosed) this.#options.onLost?.();
    });
    return connection;
  }
}

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One connection, for as long as it lasts. */
class Connection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #reader = new FrameReader();
  readonly #timer: NodeJS.Timeout;
  #lastId = 0;
  #unansweredPings = 0;

  constructor(
    { path, from, service, silence = SILENCE }: SocketLinkOptions,
    onEnd: (wasOpen: boolean) => void,
  ) {
    let wasOpen = false;
    this.#socket = createConnection({ path }, () => (wasOpen = true));
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    // Why it is lost makes no difference to those who wait.
    this.#socket.on('error', () => this.end());
    this.#socket.on('close', () => {
      clearInterval(this.#timer);
      this.#abandon();
      onEnd(wasOpen);
    });
    this.#timer = setInterval(() => this.#ping(), silence / PINGS).unref();
    this.#send({ kind: 'hello', from, service });
  }

  get isUsable(): boolean {
    return !this.#socket.destroyed;
  }

  call(name: string, request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const frame = encodeFrame({ kind: 'call', id, name, request });
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(frame);
    });
  }

  end(): void {
    this.#socket.destroy();
    this.#abandon();
  }

  #abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(noAnswer());
    this.#waiting.clear();
  }

  #send(frame: Frame): void {
    this.#socket.write(encodeFrame(frame));
  }

  /** A process that works answers a ping, however long the work takes; one that is stopped does not. */
  #ping(): void {
    if (this.#waiting.size === 0) return;
    if (this.#unansweredPings >= PINGS) {
      this.end();
      return;
    }
    this.#unansweredPings += 1;
    this.#send({ kind: 'ping' });
  }

  #receive(bytes: Uint8Array): void {
    this.#unansweredPings = 0;
    try {
      for (const value of this.#reader.read(bytes)) this.#settle(v.parse(answeredSchema, value));
    } catch (error) {
      logFault('link', error);
      this.end();
    }
  }

  #settle(answer: v.InferOutput<typeof answeredSchema>): void {
    if (answer.kind === 'pong') return;
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'reply') waiting?.resolve(answer.reply);
    else waiting?.reject(fromSentFailure(answer.failure));
  }
}
