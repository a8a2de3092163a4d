import { type Server, type Socket, createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** A request as it came, taken apart without the code under test. */
export interface ReceivedRequest {
  readonly opcode: number;
  readonly path: string;
  readonly input: Uint8Array;
}

/** A venus that listens at a socket; what it answers is up to the test. */
export class ListeningVenus {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  #received = Buffer.alloc(0);
  #closed = 0;

  static async start(path: string): Promise<ListeningVenus> {
    const venus = new ListeningVenus(path);
    await new Promise<void>((resolve) => venus.#server.listen(path, resolve));
    return venus;
  }

  private constructor(path: string) {
    this.path = path;
    this.#server = createServer((socket) => {
      this.#sockets.push(socket);
      socket.on('data', (bytes: Buffer) => {
        this.#received = Buffer.concat([this.#received, bytes]);
      });
      socket.on('close', () => (this.#closed += 1));
      // The client may go at any time.
      socket.on('error', () => undefined);
    });
  }

  get connections(): number {
    return this.#sockets.length;
  }

  /** How many clients have gone. */
  get closed(): number {
    return this.#closed;
  }

  /** All whole requests that have come. */
  requests(): readonly ReceivedRequest[] {
    const found: ReceivedRequest[] = [];
    for (let at = 0; ;) {
      const end = this.#received.indexOf(0, at);
      if (end < 0) return found;
      const numbers = this.#received.toString('latin1', at, end).split('\n').map(Number);
      const [opcode = 0, pathLength = 0, , inputLength = 0] = numbers;
      const inputAt = end + 1 + pathLength;
      if (this.#received.length < inputAt + inputLength) return found;
      found.push({
        opcode,
        path: this.#received.toString('utf8', end + 1, inputAt),
        input: new Uint8Array(this.#received.subarray(inputAt, inputAt + inputLength)),
      });
      at = inputAt + inputLength;
    }
  }

  /** Waits until as many requests have come. */
  async receive(count: number): Promise<readonly ReceivedRequest[]> {
    while (this.requests().length < count) await turn();
    return this.requests();
  }

  async untilClosed(count = 1): Promise<void> {
    while (this.#closed < count) await turn();
  }

  /** Sends bytes to the clients, each part by itself. */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    for (const socket of this.#sockets) {
      for (const part of parts) {
        await new Promise((resolve) => socket.write(part, resolve));
        // So that the client reads it before the next one comes.
        for (let turns = 0; turns < 4; turns++) await turn();
      }
    }
  }

  /** Ends all connections, without a word. */
  hangUp(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
