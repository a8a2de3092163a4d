import { type Server, type Socket, createServer } from 'node:net';
import * as v from 'valibot';
import { logFault } from '../log.ts';
import { listenPrivately } from '../socket/privateSocket.ts';
import { fail } from '../fail.ts';
import { asFailure, toSentFailure } from './failure.ts';
import { type Frame, FrameReader, askedSchema, encodeFrame, helloSchema } from './frames.ts';
import type { Network } from './network.ts';

export interface ServiceListenerOptions {
  readonly path: string;
  /** The local user, who alone may connect. */
  readonly uid: number;
  /** Name of the node that listens. */
  readonly name: string;
  readonly network: Network;
  /** What it serves, by name. Of each service the functions that are its own properties can be called. */
  readonly services: Readonly<Record<string, object>>;
}

type Handler = (request: unknown) => Promise<unknown>;

/** Milliseconds in which a new connection must say who it is. */
const HELLO_TIME = 10_000;

/** Where the other nodes reach the services of a node that is a process of its own. */
export class ServiceListener {
  readonly #server: Server;
  readonly #connections = new Set<ServedConnection>();
  readonly #unwatch: () => void;

  /** @throws InUseError, ConfigurationError */
  static async open(options: ServiceListenerOptions): Promise<ServiceListener> {
    const listener = new ServiceListener(options);
    await listenPrivately(listener.#server, options.path, options.uid);
    return listener;
  }

  private constructor(options: ServiceListenerOptions) {
    this.#server = createServer((socket) => {
      const connection = new ServedConnection(socket, options);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
    this.#unwatch = options.network.onCut(() => {
      for (const connection of this.#connections) connection.checkUp();
    });
  }

  /** Takes no more connections, and closes those there are. */
  async close(): Promise<void> {
    this.#unwatch();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections) connection.end();
    await closed;
  }
}

interface Caller {
  readonly from: string;
  readonly service: object;
}

class ServedConnection {
  readonly #socket: Socket;
  readonly #options: ServiceListenerOptions;
  readonly #reader = new FrameReader();
  readonly #giveUp: NodeJS.Timeout;
  #caller: Caller | undefined;

  constructor(socket: Socket, options: ServiceListenerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#giveUp = setTimeout(() => this.end(), HELLO_TIME);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => this.end());
    socket.on('close', () => clearTimeout(this.#giveUp));
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Where the way is cut nothing passes, and an answer under way is lost. */
  checkUp(): void {
    const { network, name } = this.#options;
    if (this.#caller && network.isCut(this.#caller.from, name)) this.end();
  }

  #receive(bytes: Uint8Array): void {
    try {
      for (const value of this.#reader.read(bytes)) {
        if (this.#socket.destroyed) return;
        if (this.#caller) this.#serve(this.#caller, v.parse(askedSchema, value));
        else this.#greet(v.parse(helloSchema, value));
      }
    } catch (error) {
      logFault('service', error);
      this.end();
    }
  }

  #greet({ from, service: name }: v.InferOutput<typeof helloSchema>): void {
    clearTimeout(this.#giveUp);
    const { services } = this.#options;
    const service = Object.hasOwn(services, name) ? services[name] : undefined;
    if (service) this.#caller = { from, service };
    else this.end();
    this.checkUp();
  }

  #serve({ service }: Caller, asked: v.InferOutput<typeof askedSchema>): void {
    if (asked.kind === 'ping') this.#send({ kind: 'pong' });
    else void this.#answer(service, asked).then((answer) => this.#write(answer));
  }

  async #answer(
    service: object,
    { id, name, request }: { readonly id: number; readonly name: string; readonly request?: unknown },
  ): Promise<Buffer> {
    try {
      const handle = handlerOf(service, name) ?? fail('EOPNOTSUPP', `There is no ${name}.`);
      return encodeFrame({ kind: 'reply', id, reply: await handle(request) });
    } catch (error) {
      return encodeFrame({ kind: 'failure', id, failure: toSentFailure(asFailure(error)) });
    }
  }

  #send(frame: Frame): void {
    this.#write(encodeFrame(frame));
  }

  #write(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }
}

/** Never what it inherits, as `constructor`. */
function handlerOf(service: object, name: string): Handler | undefined {
  const found: unknown = Object.hasOwn(service, name) ? Reflect.get(service, name) : undefined;
  return isHandler(found) ? found : undefined;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}
