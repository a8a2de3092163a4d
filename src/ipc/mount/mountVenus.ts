import { UnsupportedError, VenusError } from '../errors.ts';
import type { PioctlReply, PioctlRequest } from '../framing.ts';
import { type Milliseconds, withTimeLimit } from '../timeLimit.ts';
import type { FileTree, Venus, WantedEvents } from '../venus.ts';
import { DEFAULT_MARINER_SOCKET } from '../venusConf.ts';
import type { HttpSession } from '../socket/httpSession.ts';
import type { VenusEvent } from '../venusEvent.ts';
import { pioctlFileName, runPioctlFile } from './pioctlFile.ts';

/** Requests in flight: one thread of Node's pool of four stays free for other file calls. */
const IN_FLIGHT = 3;

/** What a pioctl file takes; those above are the embedded venus's own. */
const LAST_OPCODE = 255;

/** Venus behind a mounted Coda file system. */
export class MountVenus implements Venus {
  readonly #directory: string;
  readonly #timeLimit: Milliseconds;
  readonly #marinerSocket: () => string;
  readonly #waiting: (() => void)[] = [];
  readonly #embedded: () => Promise<Venus | undefined>;
  #found: Promise<Venus | undefined> | undefined;
  #running = 0;

  /**
   * @param marinerSocket path of the socket on which venus tells what happens; asked for only then
   * @param embedded the venus itself, where it is an embedded one: for what goes by no pioctl file
   */
  constructor(
    directory: string,
    timeLimit: Milliseconds,
    marinerSocket = () => DEFAULT_MARINER_SOCKET,
    embedded: () => Promise<Venus | undefined> = () => Promise.resolve(undefined),
  ) {
    this.#embedded = embedded;
    this.#directory = directory;
    this.#timeLimit = timeLimit;
    this.#marinerSocket = marinerSocket;
  }

  /** The limit counts from here: a request whose turn comes too late is not made any more. */
  async pioctl(request: PioctlRequest): Promise<Uint8Array> {
    if (request.opcode > LAST_OPCODE) {
      const embedded = await this.#behind();
      if (embedded) return embedded.pioctl(request);
    }
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

  async *events(wanted: WantedEvents = {}): AsyncGenerator<VenusEvent> {
    const embedded = await this.#behind();
    if (embedded) {
      yield* embedded.events(wanted);
      return;
    }
    const { since, last = 0, follow = true } = wanted;
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
    // Each request by a file has closed it.
    await (await this.#found)?.close();
  }

  async http(): Promise<HttpSession | undefined> {
    return (await this.#behind())?.http?.();
  }

  /** Looked for when it is needed, which most requests do not. */
  #behind(): Promise<Venus | undefined> {
    this.#found ??= this.#embedded();
    return this.#found;
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
