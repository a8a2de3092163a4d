import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ProtocolError } from '../ipc/errors.ts';
import { count, noCounters } from './dumpWriter.ts';
import { type Damage, DumpDamagedError } from './errors.ts';
import { FrameReader, type FoundFrame } from './frameReader.ts';
import { type ObjectItem, ObjectReader } from './objectReader.ts';
import {
  type DumpCounters,
  type DumpRecord,
  type HeaderRecord,
  type IndexEndRecord,
  type ObjectId,
  type ObjectStatus,
  type TrailerRecord,
} from './record.ts';
import { decodeRecord } from './recordCodec.ts';
import { StateDigest } from './state.ts';

/** What a dump brings, in its order. Views of bytes hold until the next item is asked for. */
export type DumpItem =
  | Exclude<DumpRecord, { readonly kind: 'object' | 'names' | 'trailer' }>
  /** An object with all its names. */
  | { readonly kind: 'object'; readonly status: ObjectStatus }
  /** All of a file has come, or not all of it: then it is of no use. */
  | { readonly kind: 'file-end'; readonly id: ObjectId; readonly isWhole: boolean }
  | { readonly kind: 'end'; readonly trailer: TrailerRecord }
  | { readonly kind: 'damage'; readonly damage: Damage };

/** What has its place before what. */
const ranks = {
  header: 0,
  index: 1,
  'index-end': 2,
  principals: 3,
  removed: 4,
  object: 5,
  names: 5,
  data: 5,
  hole: 5,
  trailer: 6,
} as const satisfies Record<DumpRecord['kind'], number>;

export interface DumpReaderOptions {
  /** Whether damage is an item among others; if not, it is an error. */
  readonly isTolerant: boolean;
}

/** Reads a dump that comes in pieces, and checks that it is as it was written. */
export class DumpReader {
  readonly #frames = new FrameReader();
  readonly #isTolerant: boolean;
  readonly #digest = createHash('sha256');
  readonly #state = new StateDigest();
  readonly #counters = noCounters();
  readonly #objects = new ObjectReader();
  #header: HeaderRecord | undefined;
  #indexEnd: IndexEndRecord | undefined;
  #indexed = 0n;
  #lastIndexed = 0;
  #rank = 0;
  #hasEnded = false;
  #isDamaged = false;
  #isEndTold = false;

  constructor({ isTolerant }: DumpReaderOptions) {
    this.#isTolerant = isTolerant;
  }

  get header(): HeaderRecord | undefined {
    return this.#header;
  }

  get indexEnd(): IndexEndRecord | undefined {
    return this.#indexEnd;
  }

  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** Of what was read so far. */
  get counters(): DumpCounters {
    return this.#counters;
  }

  /** Bytes that have been used up. */
  get offset(): bigint {
    return this.#frames.offset;
  }

  /** @throws DumpDamagedError unless it is tolerant */
  *push(bytes: Uint8Array): Generator<DumpItem> {
    for (const found of this.#frames.push(bytes)) {
      if (found.kind === 'damage') yield* this.#tell(found.damage);
      else yield* this.#read(found);
    }
  }

  /** All has come. @throws DumpDamagedError unless it is tolerant */
  *end(): Generator<DumpItem> {
    for (const found of this.#frames.end()) {
      if (found.kind === 'damage') yield* this.#tell(found.damage);
      else yield* this.#read(found);
    }
    if (this.#hasEnded) return;
    if (this.offset === 0n) yield* this.#tell(damageAt(0n, 'not-a-dump', 'it is empty'));
    else if (!this.#isEndTold) yield* this.#tell(damageAt(this.offset, 'cut', 'it ends before its end'));
    yield* this.#tellMisfits(this.#objects.finish(), this.offset);
  }

  *#read(frame: FoundFrame): Generator<DumpItem> {
    const record = this.#decode(frame);
    if (record.kind === 'damage') {
      yield* this.#tell(record.damage);
      return;
    }
    const wrong = this.#misfit(record);
    if (wrong !== undefined) {
      yield* this.#tell(damageAt(frame.offset, 'malformed', wrong));
      return;
    }
    if (record.kind === 'trailer') yield* this.#finish(record, frame.offset);
    else {
      this.#digest.update(frame.head);
      count(this.#counters, record);
      yield* this.#items(record, frame.offset);
    }
  }

  #decode({ type, offset, payload }: FoundFrame) {
    try {
      return decodeRecord(type, payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { kind: 'damage', damage: damageAt(offset, 'malformed', error.message) } as const;
    }
  }

  /** What is wrong with a record where it stands. */
  #misfit(record: DumpRecord): string | undefined {
    if (this.#hasEnded) return 'something comes after its end';
    const rank = ranks[record.kind];
    if (rank < this.#rank) return 'its parts are in another order than they can be';
    if (!this.#isDamaged && rank > 0 && !this.#header) return 'it has no header';
    if (!this.#isDamaged && rank > ranks['index-end'] && !this.#indexEnd) return 'its index has no end';
    if (record.kind === 'index-end' && this.#indexEnd) return 'its index ends twice';
    this.#rank = rank;
    return undefined;
  }

  *#items(record: Exclude<DumpRecord, TrailerRecord>, offset: bigint): Generator<DumpItem> {
    switch (record.kind) {
      case 'header':
        // The second one is for the case that the first is damaged.
        if (this.#header) return;
        this.#header = record;
        yield record;
        return;
      case 'index':
        this.#indexed += BigInt(record.entries.length);
        for (const entry of record.entries) {
          if (entry.vnode <= this.#lastIndexed && !this.#isDamaged)
            yield* this.#tell(damageAt(offset, 'malformed', 'its index is in another order than it can be'));
          this.#lastIndexed = entry.vnode;
          this.#state.add(entry);
        }
        yield record;
        return;
      case 'index-end':
        this.#indexEnd = record;
        if (!this.#isDamaged && !this.#isIndexWhole(record))
          yield* this.#tell(damageAt(offset, 'malformed', 'its index is not the one it says'));
        yield record;
        return;
      case 'principals':
      case 'removed':
        yield record;
        return;
      case 'object':
      case 'names':
      case 'data':
      case 'hole':
        yield* this.#tellMisfits(this.#objects.read(record), offset);
    }
  }

  *#tellMisfits(items: Iterable<ObjectItem>, offset: bigint): Generator<DumpItem> {
    for (const item of items) {
      if (item.kind !== 'misfit') yield item;
      // After damage, parts of what was damaged are no news.
      else if (!this.#isDamaged) yield* this.#tell(damageAt(offset, 'malformed', item.what));
    }
  }

  *#finish(trailer: TrailerRecord, offset: bigint): Generator<DumpItem> {
    yield* this.#tellMisfits(this.#objects.finish(), offset);
    this.#hasEnded = true;
    const isSame = Buffer.compare(this.#digest.digest(), trailer.digest) === 0;
    if (!this.#isDamaged && !(isSame && isDeepStrictEqual(this.#counters, trailer.counters)))
      yield* this.#tell(damageAt(offset, 'malformed', 'its end does not fit what comes before'));
    yield { kind: 'end', trailer };
  }

  #isIndexWhole({ objects, state }: IndexEndRecord): boolean {
    return objects === this.#indexed && Buffer.compare(this.#state.finish(), state) === 0;
  }

  *#tell(damage: Damage): Generator<DumpItem> {
    this.#isDamaged = true;
    this.#isEndTold ||= damage.kind === 'cut' || damage.kind === 'not-a-dump';
    if (!this.#isTolerant) throw new DumpDamagedError(damage);
    yield { kind: 'damage', damage };
  }
}

function damageAt(offset: bigint, kind: Damage['kind'], what: string): Damage {
  return { kind, offset, length: 0n, what };
}

/** Reads on for what the reader learns, where its items are of no use. */
export function drain(items: Iterator<DumpItem>): void {
  while (!items.next().done);
}
