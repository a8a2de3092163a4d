import { UnsupportedError, VenusError } from '../errors.ts';
import type { PioctlReply, PioctlRequest } from '../framing.ts';
import { type Milliseconds, withTimeLimit } from '../timeLimit.ts';
import type { FileTree, Venus, WantedEvents } from '../venus.ts';
import { DEFAULT_MARINER_SOCKET } from '../venusConf.ts';
import type { VenusEvent } from '../venusEvent.ts';
import { pioctlFileName, runPioctlFile } from './pioctlFile.ts';

/** Requests in flight: one thread of Node's pool of four stays free for other file calls. */
const IN_FLIGHT = 3;

/** Venus behind a mounted Coda file system. */
export class MountVenus implements Venus {
  readonly #directory: string;
  readonly #timeLimit: Milliseconds;
  readonly #marinerSocket: () => string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param marinerSocket path of the socket on which venus tells what happens; asked for only then */
  constructor(directory: string, timeLimit: Milliseconds, marinerSocket = () => DEFAULT_MARINER_SOCKET) {
    this.#directory = directory;
    this.#timeLimit = timeLimit;
    this.#marinerSocket = marinerSocket;
  }

  /** The limit counts from here: a request whose turn comes too late is not made any more. */
  async pioctl(request: PioctlRequest): Promise<Uint8Array> {
    const file = `${this.#directory}/${pioctlFileName(Math.random)}`;
    const what = () => `${request.name ?? `opcode ${request.opcode}`} of ${request.path}, open of ${file}`;
    let givenUp = false;
    // Nobody waits any more for what comes after the limit.
    const run = () => (givenUp ? Promise.reject(new Error('given up')) : runPioctlFile(file, request));
    try {
      const reply = await withTimeLimit(this.#inTurn(run), this.#timeLimit, what);
      if (reply.errno !== 0) throw new VenusError(reply.errno);
      return reply.body;
    } finally {
      givenUp = true;
    }
  }

  async files(): Promise<FileTree> {
    const { MountFiles } = await import('./mountFiles.ts');
    return new MountFiles(this.#directory, this.#timeLimit);
  }

  async *events({ since, last = 0, follow = true }: WantedEvents = {}): AsyncGenerator<VenusEvent> {
    if (since !== undefined || last > 0 || !follow) {
      throw new UnsupportedError(`${this.#directory}: this venus keeps no history of events`, {
        why: 'The venus of a mounted Coda tells what happens, and forgets it.',
        next: 'Watch what happens from now on: codacon',
      });
    }
    const { marinerEvents } = await import('./marinerStream.ts');
    yield* marinerEvents(this.#marinerSocket(), Date.now);
  }

  async close(): Promise<void> {
    // Each request closed its own file.
  }

  async #inTurn(run: () => Promise<PioctlReply>): Promise<PioctlReply> {
    if (this.#running < IN_FLIGHT) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await run();
    } finally {
      this.#next();
    }
  }

  /** Hands the place to the next in the queue, if there is one. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}
