import { ROOT, encodeCall } from '../call.ts';
import { setTimeLimit } from '../calls/setTimeLimit.ts';
import { speakForUser } from '../calls/speakForUser.ts';
import type { PioctlRequest } from '../framing.ts';
import type { FileTree, Venus, WantedEvents } from '../venus.ts';
import type { VenusEvent } from '../venusEvent.ts';
import type { HttpOptions, HttpSession } from './httpSession.ts';
import { PioctlConnection } from './pioctlConnection.ts';

/** The embedded venus behind its socket: pioctls on a connection of their own, all that streams as HTTP. */
export class SocketVenus implements Venus {
  readonly #path: string;
  readonly #options: HttpOptions;
  #connection: Promise<PioctlConnection> | undefined;
  #http: Promise<HttpSession> | undefined;
  #hasToldTimeLimit = false;

  constructor(path: string, options: HttpOptions) {
    this.#path = path;
    this.#options = options;
  }

  async pioctl(request: PioctlRequest): Promise<Uint8Array> {
    this.#connection ??= this.#connect();
    const connection = await this.#connection;
    if (request.changes === true) this.#tellTimeLimit(connection);
    return connection.pioctl(request);
  }

  async files(): Promise<FileTree> {
    const { HttpFiles } = await import('./httpFiles.ts');
    return new HttpFiles(await this.http());
  }

  async *events(wanted: WantedEvents = {}): AsyncGenerator<VenusEvent> {
    yield* (await this.http()).events(wanted);
  }

  /** The HTTP dialect itself, for what no port has. Loaded when first used: it costs as much as the start of Node. */
  http(): Promise<HttpSession> {
    this.#http ??= import('./httpSession.ts').then(
      ({ HttpSession }) => new HttpSession(this.#path, this.#options),
    );
    return this.#http;
  }

  async close(): Promise<void> {
    const [connection, http] = await Promise.allSettled([this.#connection, this.#http]);
    if (connection.status === 'fulfilled') connection.value?.close();
    if (http.status === 'fulfilled') await http.value?.close();
  }

  /**
   * Sent ahead of the first change, and nobody waits for its answer: only where a change has to wait does it matter, and
   * a connection that fails fails the change, too.
   */
  #tellTimeLimit(connection: PioctlConnection): void {
    if (this.#hasToldTimeLimit) return;
    this.#hasToldTimeLimit = true;
    const request = encodeCall(setTimeLimit, ROOT, Math.ceil(this.#options.timeLimit));
    connection.pioctl(request).catch(() => undefined);
  }

  async #connect(): Promise<PioctlConnection> {
    const connection = new PioctlConnection(this.#path, this.#options.timeLimit);
    if (this.#options.uid !== undefined) {
      await connection.pioctl(encodeCall(speakForUser, ROOT, this.#options.uid));
    }
    return connection;
  }
}
