/** Reads checkpoint archives of any format, entry by entry (spec/cml.md, 5.4). */
import { ByteWindow, truncated } from './byteWindow.ts';
import { CpioReader } from './cpioReader.ts';
import { newc, odc, startsWithMagic } from './cpioHeader.ts';
import type { ArchiveEntry, ArchiveFormat } from './entry.ts';
import { ArchiveError } from './errors.ts';
import type { ArchiveInput } from './input.ts';
import type { HeaderReader, Member } from './member.ts';
import { BLOCK, isZero, parseTarHeader } from './tarHeader.ts';
import { TarReader } from './tarReader.ts';

/** An entry and where its headers begin in the archive. */
export interface ReadEntry {
  readonly entry: ArchiveEntry;
  readonly offset: number;
}

export interface ReadOptions {
  /**
   * Goes on behind what cannot be read: called with each fault, after which the next header is looked for. Without it
   * the first fault ends reading. A part of the archive may then be missing, and contents may be wrong.
   */
  readonly onFault?: (fault: ArchiveError) => void;
}

/** Something that cannot be read, and the header it was met at. */
interface Fault {
  readonly error: ArchiveError;
  readonly at: number;
}

/** Bytes that tell the formats apart. */
const LONGEST_MAGIC = 6;

/** Memory stays flat for archives, and entries, of any size; contents that nobody reads are passed over. */
export class ArchiveReader {
  readonly format: ArchiveFormat;
  readonly #window: ByteWindow;
  readonly #headers: HeaderReader;
  readonly #onFault: ((fault: ArchiveError) => void) | undefined;
  /** The entry handed out last, with where its data begins. */
  #current: Member | undefined;
  /** Met behind entries that were to be handed out before it. */
  #fault: Fault | undefined;

  /**
   * Finds out the format from the first bytes.
   * @throws ArchiveError for what is no archive
   */
  static async open(input: ArchiveInput, options: ReadOptions = {}): Promise<ArchiveReader> {
    const window = new ByteWindow(input);
    return new ArchiveReader(window, await detect(window), options);
  }

  private constructor(window: ByteWindow, headers: HeaderReader, options: ReadOptions) {
    this.#window = window;
    this.#headers = headers;
    this.#onFault = options.onFault;
    this.format = headers.format;
  }

  /** Whether reading goes on behind faults. */
  get goesOn(): boolean {
    return this.#onFault !== undefined;
  }

  /**
   * The next entry; what is left of the contents of the one before is passed over.
   * @returns undefined at the archive's end
   * @throws ArchiveError at what cannot be read
   */
  async next(): Promise<ReadEntry | undefined> {
    for (;;) {
      let at = this.#window.position;
      try {
        const fault = this.#takeFault();
        if (fault !== undefined) {
          at = fault.at;
          throw fault.error;
        }
        if (this.#current !== undefined) await this.#skipData(this.#current);
        at = this.#window.position;
        this.#current = await this.#readHeaders();
        return this.#current;
      } catch (error) {
        if (!(error instanceof ArchiveError) || this.#onFault === undefined) throw error;
        this.#onFault(error);
        if (!(await this.#resynchronise(at))) return undefined;
      }
    }
  }

  /**
   * The contents of the entry handed out last, once; from a file they can be read again and again.
   * @throws ArchiveError if the archive ends before they do
   */
  async *contents(): AsyncGenerator<Uint8Array> {
    const current = this.#current;
    if (current?.entry.type !== 'file') return;
    const { dataStart, entry } = current;
    if (this.#window.position !== dataStart) {
      if (this.#window.input.size === undefined) throw new Error('a stream can be read only once');
      this.#window.seek(dataStart);
    }
    for (let left = entry.size; left > 0;) {
      if (this.#current !== current) throw new Error('contents belong to the entry handed out last');
      const bytes = await this.#window.take(left);
      left -= bytes.length;
      yield bytes;
    }
  }

  /**
   * The entries that can be told without waiting, for those who want no contents.
   * @returns none at the archive's end
   * @throws ArchiveError at what cannot be read, when there is nothing before it
   */
  async nextBatch(limit = 1000): Promise<readonly ReadEntry[]> {
    const first = await this.next();
    if (first === undefined) return [];
    const batch = [first];
    while (batch.length < limit) {
      const next = this.#nextHeld();
      if (next === undefined) break;
      batch.push(next);
    }
    return batch;
  }

  /** The next entry, if all of what is before its data is in the window. */
  #nextHeld(): Member | undefined {
    const window = this.#window;
    const rest = this.#current === undefined ? 0 : dataEnd(this.#current) - window.position;
    if (rest > window.held) return undefined;
    window.advance(rest);
    const at = window.position;
    try {
      const result = this.#headers.read();
      if (typeof result !== 'object') return undefined;
      this.#current = result;
      return result;
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      // What stands before it comes first.
      this.#fault = { error, at };
      return undefined;
    }
  }

  #takeFault(): Fault | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  async #readHeaders(): Promise<Member | undefined> {
    for (;;) {
      const result = this.#headers.read();
      if (result === 'end') return undefined;
      if (typeof result === 'object') return result;
      if (!(await this.#window.fill(result))) throw truncated(this.#window.position + this.#window.held);
    }
  }

  async #skipData(member: Member): Promise<void> {
    const rest = dataEnd(member) - this.#window.position;
    if (rest > 0) await this.#window.skip(rest);
  }

  /**
   * Finds the next header behind a fault. The size of the entry before may have been wrong, so that its data is looked
   * through too where that is possible (spec/cml.md, 8.4).
   */
  async #resynchronise(badHeader: number): Promise<boolean> {
    const previous = this.#current;
    this.#current = undefined;
    const canReturn = this.#window.input.size !== undefined;
    if (canReturn) this.#window.seek(previous?.dataStart ?? badHeader + 1);
    else if (this.#window.position <= badHeader && (await this.#window.fill(1))) this.#window.advance(1);
    return this.#headers.findNext(badHeader);
  }
}

function dataEnd({ entry, dataStart, padding }: Member): number {
  return entry.type === 'file' ? dataStart + entry.size + padding : dataStart;
}

async function detect(window: ByteWindow): Promise<HeaderReader> {
  if (!(await window.fill(1))) throw new ArchiveError('empty', 0, 'the archive is empty');
  await window.fill(BLOCK);
  const start = window.view(Math.min(window.held, BLOCK));
  for (const layout of [newc, odc]) {
    if (startsWithMagic(start, layout)) return new CpioReader(window, layout);
  }
  if (start.length < LONGEST_MAGIC)
    throw new ArchiveError('truncated', start.length, 'the archive is cut off');
  const header = start.length === BLOCK ? parseTarHeader(start) : undefined;
  if (header !== undefined) {
    const isPax = header.type === 'x' || header.type === 'g';
    return new TarReader(window, isPax ? 'pax' : header.isUstar ? 'ustar' : 'tar');
  }
  if (start.length === BLOCK && isZero(start)) return new TarReader(window, 'tar');
  throw new ArchiveError('unknown-format', 0, 'this is no archive in a format that venus writes');
}
