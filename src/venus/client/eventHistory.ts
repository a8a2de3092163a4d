import { appendFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type VenusEvent, decodeEvent, encodeEvent } from '../../ipc/venusEvent.ts';
import { logFault } from '../log.ts';
import { systemCode } from '../../disk/systemCode.ts';

export interface HistoryBounds {
  /** Events, and bytes as they stand in the files, that are kept at most. */
  readonly events: number;
  readonly bytes: number;
}

const DEFAULT_BOUNDS: HistoryBounds = { events: 10_000, bytes: 4 * 1024 * 1024 };
/** Milliseconds that events wait for others, to be written together. */
const LAZINESS = 500;

interface Kept {
  readonly event: VenusEvent;
  /** As it stands in the files. */
  readonly line: string;
}

/**
 * The newest events of a client, in memory and in two files of its directory: when the new file has half of what may be
 * kept it takes the place of the old one. Nothing waits for the disk; a crash loses what happened in the last moments.
 */
export class EventHistory {
  readonly #directory: string;
  readonly #bounds: HistoryBounds;
  readonly #kept: Kept[] = [];
  #bytes = 0;
  /** What is not in the files yet. */
  #unwritten: string[] = [];
  #unwrittenBytes = 0;
  readonly #inNewFile = { events: 0, bytes: 0 };
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  /** @param directory made if it is not there */
  static async open(directory: string, bounds = DEFAULT_BOUNDS): Promise<EventHistory> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const history = new EventHistory(directory, bounds);
    await history.#load();
    return history;
  }

  private constructor(directory: string, bounds: HistoryBounds) {
    this.#directory = directory;
    this.#bounds = bounds;
  }

  add(event: VenusEvent): void {
    const line = encodeEvent(event);
    this.#keep({ event, line });
    this.#unwritten.push(line);
    this.#unwrittenBytes += Buffer.byteLength(line);
    if (this.#unwrittenBytes > 2 * this.#bounds.bytes) this.#forgetUnwritten();
    this.#timer ??= setTimeout(() => void this.flush(), LAZINESS).unref();
  }

  /**
   * Oldest first.
   * @param since only those from then on; milliseconds since 1970
   * @param last at most as many, the newest
   */
  events(since = -Infinity, last = Infinity): readonly VenusEvent[] {
    const found = this.#kept.filter(({ event }) => event.time >= since).map(({ event }) => event);
    return last < found.length ? found.slice(found.length - last) : found;
  }

  /** Writes what is not in the files yet. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept);
    this.#bytes += Buffer.byteLength(kept.line);
    while (this.#kept.length > this.#bounds.events || this.#bytes > this.#bounds.bytes) {
      this.#bytes -= Buffer.byteLength(this.#kept.shift()?.line ?? '');
      if (this.#kept.length === 0) return;
    }
  }

  /** More has happened at once than is kept: only what is kept is to be written. */
  #forgetUnwritten(): void {
    this.#unwritten = this.#kept.map(({ line }) => line);
    this.#unwrittenBytes = this.#bytes;
  }

  async #load(): Promise<void> {
    const [older, newer] = [await textOf(this.#oldFile), await textOf(this.#newFile)];
    for (const line of `${older}\n${newer}`.split('\n')) {
      const event = decodeEvent(line);
      if (event) this.#keep({ event, line: `${line}\n` });
    }
    this.#inNewFile.events = newer.split('\n').length - 1;
    this.#inNewFile.bytes = Buffer.byteLength(newer);
    // A line that a crash has cut must not take the next one with it.
    if (newer !== '' && !newer.endsWith('\n')) this.#unwritten.push('\n');
  }

  /** A history that cannot be written is told of once; it is still there as long as venus runs. */
  async #write(): Promise<void> {
    const lines = this.#unwritten;
    if (lines.length === 0) return;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    const text = lines.join('');
    try {
      await appendFile(this.#newFile, text, { mode: 0o600 });
      this.#inNewFile.events += lines.length;
      this.#inNewFile.bytes += Buffer.byteLength(text);
      const { events, bytes } = this.#inNewFile;
      if (events < this.#bounds.events / 2 && bytes < this.#bounds.bytes / 2) return;
      await rename(this.#newFile, this.#oldFile);
      this.#inNewFile.events = this.#inNewFile.bytes = 0;
    } catch (error) {
      if (!this.#hasFailed) logFault('history of events', error);
      this.#hasFailed = true;
    }
  }

  get #newFile(): string {
    return join(this.#directory, 'new.jsonl');
  }

  get #oldFile(): string {
    return join(this.#directory, 'old.jsonl');
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // A history that cannot be read must not keep venus from starting.
    if (systemCode(error) !== 'ENOENT') logFault('history of events', error);
    return '';
  }
}
