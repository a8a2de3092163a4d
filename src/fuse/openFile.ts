import type { Container } from './container.ts';

/** The contents of one file, as all who have it open at once see them. */
export class OpenFile {
  readonly container: Container;
  /** Version that was fetched or stored; undefined for contents that venus does not have. */
  version: string | undefined;
  /** Milliseconds since 1970, set after the last write and stored with it. */
  modified: number | undefined;
  readers = 0;
  writers = 0;
  /** The thread that wrote last, if it is known. */
  writer: number | undefined;
  /** How often it was written, and how often when it was last stored. */
  #written = 0;
  #stored = 0;

  constructor(container: Container, version: string | undefined) {
    this.container = container;
    this.version = version;
  }

  get isOpen(): boolean {
    return this.readers + this.writers > 0;
  }

  /** Whether it holds what venus does not have. */
  get isDirty(): boolean {
    return this.#written !== this.#stored;
  }

  /** @param thread that writes; unknown for what comes out of a mapping */
  write(bytes: Uint8Array, offset: number, thread: number | undefined): void {
    this.container.write(bytes, offset);
    this.#changed();
    this.writer = thread;
  }

  truncate(length: number): void {
    this.container.truncate(length);
    this.#changed();
  }

  #changed(): void {
    this.#written += 1;
    this.modified = undefined;
  }

  /** What was written before the store began is stored; what came since is not. */
  async storeWith(store: () => Promise<string | undefined>): Promise<void> {
    const written = this.#written;
    this.version = await store();
    this.#stored = written;
  }
}
