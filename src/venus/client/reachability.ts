import { isErrno } from '../../ipc/errors.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Remote } from '../net/link.ts';

/** Milliseconds between two probes of a server that does not answer. */
const PROBE = 500;

/**
 * A file server as a client sees it: one that has failed to answer is taken for unreachable until it answers a probe.
 */
export class WatchedServer implements Remote<FileProtocol> {
  readonly name: string;
  readonly address: string;
  readonly #link: Remote<FileProtocol>;
  readonly #onChange: (server: WatchedServer) => void;
  #isUp = true;
  #hasAnswered = false;
  #outages = 0;
  #probing: NodeJS.Timeout | undefined;

  /** @param onChange called when it becomes unreachable, and when it can be reached again */
  constructor(
    {
      name,
      address,
      link,
    }: { readonly name: string; readonly address: string; readonly link: Remote<FileProtocol> },
    onChange: (server: WatchedServer) => void,
  ) {
    this.name = name;
    this.address = address;
    this.#link = link;
    this.#onChange = onChange;
  }

  get description(): { readonly name: string; readonly address: string } {
    return { name: this.name, address: this.address };
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether it has answered the last request; unlike {@link isUp} false before the first one. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** How often it has become unreachable. */
  get outages(): number {
    return this.#outages;
  }

  async call<Name extends keyof FileProtocol>(
    name: Name,
    request: FileProtocol[Name]['request'],
  ): Promise<FileProtocol[Name]['reply']> {
    try {
      const reply = await this.#link.call(name, request);
      this.#note(true);
      return reply;
    } catch (error) {
      this.#note(!isErrno(error, 'ETIMEDOUT'));
      throw error;
    }
  }

  close(): void {
    clearTimeout(this.#probing);
    this.#probing = undefined;
  }

  #note(isUp: boolean): void {
    this.#hasAnswered = isUp;
    if (!isUp) this.#probeLater();
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    if (isUp) this.close();
    else this.#outages += 1;
    this.#onChange(this);
  }

  #probeLater(): void {
    this.#probing ??= setTimeout(() => {
      this.#probing = undefined;
      this.call('probe', null).catch(() => undefined);
    }, PROBE).unref();
  }
}
