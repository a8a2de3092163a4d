import { createHash } from 'node:crypto';
import { textLength } from '../ipc/text.ts';
import { TAG_SIZE, HEAD_SIZE, encodeFrame } from './frame.ts';
import type { DumpCounters, DumpRecord, HeaderRecord, ObjectStatus } from './record.ts';
import { encodeRecord, typeOf } from './recordCodec.ts';

type Counters = { -readonly [Name in keyof DumpCounters]: bigint };

/** Bytes of names in one record. */
const NAMES_AT_A_TIME = 64 * 1024;

/** Turns records into the stream of a dump. The caller keeps them in the order that coda-dump(5) names. */
export class DumpWriter {
  readonly #tag: Uint8Array;
  readonly #digest = createHash('sha256');
  readonly #counters: Counters = noCounters();
  #offset = 0n;

  constructor(id: Uint8Array) {
    this.#tag = id.subarray(0, TAG_SIZE);
  }

  /** Bytes so far. */
  get offset(): bigint {
    return this.#offset;
  }

  /** It comes twice, since nothing can be restored without it. */
  *header(record: HeaderRecord): Generator<Uint8Array> {
    yield this.record(record);
    yield this.record(record);
  }

  /** @returns the bytes of one record, in a buffer of its own */
  record(record: DumpRecord): Uint8Array<ArrayBuffer> {
    count(this.#counters, record);
    const frame = encodeFrame(typeOf(record), encodeRecord(record), this.#offset, this.#tag);
    this.#digest.update(frame.subarray(0, HEAD_SIZE));
    this.#offset += BigInt(frame.length);
    return frame;
  }

  /** An object with all its names, of which a file may have very many. */
  *object(status: ObjectStatus): Generator<Uint8Array> {
    const [first = [], ...rest] = inParts(status.names);
    yield this.record({
      kind: 'object',
      status: { ...status, names: first },
      nameCount: status.names.length,
    });
    for (const names of rest) yield this.record({ kind: 'names', id: status.id, names });
  }

  /** The end of the dump. */
  trailer(): Uint8Array {
    const digest = Uint8Array.from(this.#digest.copy().digest());
    return this.record({ kind: 'trailer', counters: this.counters(), digest });
  }

  counters(): DumpCounters {
    return { ...this.#counters };
  }
}

export function noCounters(): Counters {
  return { directories: 0n, files: 0n, symlinks: 0n, names: 0n, removed: 0n, dataBytes: 0n, holeBytes: 0n };
}

export function count(counters: Counters, record: DumpRecord): void {
  if (record.kind === 'object') {
    counters[objectCounters[record.status.type]] += 1n;
    counters.names += BigInt(record.nameCount);
  }
  if (record.kind === 'removed') counters.removed += BigInt(record.objects.length);
  if (record.kind === 'data') counters.dataBytes += BigInt(record.bytes.length);
  if (record.kind === 'hole') counters.holeBytes += record.length;
}

const objectCounters = { directory: 'directories', file: 'files', symlink: 'symlinks' } as const;

function inParts(names: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [];
  let room = 0;
  for (const name of names) {
    room -= textLength(name);
    if (room < 0 || parts.length === 0) {
      parts.push([]);
      room = NAMES_AT_A_TIME - textLength(name);
    }
    parts.at(-1)?.push(name);
  }
  return parts;
}
