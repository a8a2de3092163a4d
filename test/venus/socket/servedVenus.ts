import { request as httpRequest } from 'node:http';
import { type Socket, createConnection } from 'node:net';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import type { DaemonStatus } from '../../../src/ipc/socket/routes.ts';
import { HttpDialect } from '../../../src/venus/socket/http/httpDialect.ts';
import { Listener } from '../../../src/venus/socket/listener.ts';
import { PioctlDialect } from '../../../src/venus/socket/pioctlDialect.ts';
import { CLIENT, OPERATOR, TestRealm, raise } from '../support.ts';

const status: DaemonStatus = {
  pid: 1,
  version: '0',
  realm: 'test.realm',
  client: 'venus',
  dataDirectory: '/',
  startedAt: '',
  processes: [],
  servers: [],
};

export interface Limits {
  readonly inFlight: number;
  /** Milliseconds. */
  readonly requestTime: number;
  readonly idleTime: number;
  readonly headTime: number;
}

/** Short enough to wait for, and longer than anything that is under way in a test. */
export const shortLimits: Limits = { inFlight: 4, requestTime: 150, idleTime: 400, headTime: 160 };
/** So long that no test comes to their end. */
const longLimits: Limits = { inFlight: 64, requestTime: 60_000, idleTime: 60_000, headTime: 60_000 };

/** A realm whose client has its socket, as the daemon puts them together; its owner is the operator. */
export class ServedVenus {
  readonly realm: TestRealm;
  readonly socket: string;
  /** The server's ends of the connections, of either dialect. */
  readonly accepted: Socket[] = [];
  #close: () => Promise<void> = () => Promise.resolve();
  shutDowns = 0;

  static async open(realm: TestRealm, socket: string, limits: Limits): Promise<ServedVenus> {
    const venus = new ServedVenus(realm, socket);
    const { inFlight, requestTime, idleTime, headTime } = limits;
    const control = {
      status: () => Promise.resolve(status),
      shutDown: () => (venus.shutDowns += 1),
      ways: { list: () => Promise.resolve([]), set: () => Promise.resolve() },
      servers: { list: () => Promise.resolve([]), change: () => Promise.resolve() },
    };
    const http = new HttpDialect(realm.client, OPERATOR, control, { headTime, idleTime });
    const listener = await Listener.open(
      socket,
      process.getuid?.() ?? 0,
      (connection) => {
        venus.accepted.push(connection);
        new PioctlDialect(connection, realm.client, OPERATOR, { inFlight, requestTime, idleTime });
      },
      (connection) => {
        venus.accepted.push(connection);
        http.accept(connection);
      },
    );
    venus.#close = async () => {
      await listener.close();
      http.close();
    };
    return venus;
  }

  private constructor(realm: TestRealm, socket: string) {
    this.realm = realm;
    this.socket = socket;
  }

  async close(): Promise<void> {
    await this.#close();
    await this.realm.close();
  }

  /** How many files with contents the client keeps, those under way included. */
  containers(): number {
    const directory = join(this.realm.directory, 'clients', CLIENT, 'containers');
    return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .length;
  }

  /** One request over a connection of its own. */
  ask(method: string, url: string, body?: string | Buffer, headers: Readonly<Record<string, string>> = {}) {
    return new Promise<{ status: number | undefined; json: unknown }>((resolve, reject) => {
      const asked = httpRequest(
        { socketPath: this.socket, method, path: url, headers, agent: false },
        (answer) => {
          let text = '';
          answer.on('data', (bytes: Buffer) => (text += bytes.toString()));
          answer.on('end', () => {
            const json: unknown = text === '' ? undefined : JSON.parse(text);
            resolve({ status: answer.statusCode, json });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

/** A venus for the tests of a describe block, or of a file. */
export function useVenus(limits: Limits = longLimits): () => ServedVenus {
  let [directory, venus]: [string, ServedVenus | undefined] = ['', undefined];
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coda-venus-'));
    const realm = await TestRealm.open(join(directory, 'data'));
    venus = await ServedVenus.open(realm, join(directory, 'run', 'venus.sock'), limits);
  });
  afterAll(async () => {
    await venus?.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return () => venus ?? raise('there is a venus only inside a test');
}

/** The other end of a connection, which sends what it likes. */
export class RawClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;

  static connect(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path, allowHalfOpen: true }, () => resolve(new RawClient(socket)));
      socket.once('error', reject);
    });
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => (this.#received = Buffer.concat([this.#received, bytes])));
    // The other side may close at any time.
    socket.on('error', () => (this.#ended = true));
    socket.on('end', () => (this.#ended = true));
    socket.on('close', () => (this.#ended = true));
  }

  get received(): string {
    return this.#received.toString('latin1');
  }

  /** Whether the other side has closed. */
  get ended(): boolean {
    return this.#ended;
  }

  send(...parts: readonly (string | Uint8Array)[]): void {
    for (const part of parts)
      this.socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  }

  /** All that came before the other side closed. */
  async untilEnded(): Promise<string> {
    while (!this.#ended) await turn();
    return this.received;
  }

  async untilReceived(holds: (received: string) => boolean): Promise<string> {
    while (!holds(this.received)) {
      if (this.#ended) raise(`the connection was closed after ${JSON.stringify(this.received)}`);
      await turn();
    }
    return this.received;
  }
}
