import type { Damage } from './errors.ts';
import { type FrameHead, HEAD_SIZE, MAGIC, MAX_PAYLOAD, decodeHead, isIntact } from './frame.ts';

/** A frame that came as it was written. */
export interface FoundFrame {
  readonly kind: 'frame';
  readonly type: number;
  /** In the stream that was read. */
  readonly offset: bigint;
  /** A view that holds until the next frame is asked for. */
  readonly payload: Buffer;
  readonly head: Buffer;
}

export interface FoundDamage {
  readonly kind: 'damage';
  readonly damage: Damage;
}

const CAPACITY = 4 * (HEAD_SIZE + MAX_PAYLOAD);
/** Bytes that are checked in vain while the next whole frame is looked for: so many, and as often as all that came. */
const [SEARCH_ALLOWANCE, SEARCH_FACTOR] = [64 * 1024 * 1024, 8];

type Candidate =
  | { readonly kind: 'frame'; readonly frame: FrameHead; readonly size: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'bad'; readonly what: string };

/**
 * Takes the frames out of a dump that comes in pieces. What is damaged is told and passed over: reading goes on with
 * the next frame that is whole. It keeps no more than a few frames, whatever comes.
 */
export class FrameReader {
  readonly #buffer = Buffer.allocUnsafeSlow(CAPACITY);
  /** What of the buffer has not been used yet. */
  #start = 0;
  #end = 0;
  /** Place of the buffer's start in the stream. */
  #base = 0n;
  /** Offset at which the last frame said that it ends. */
  #reached = 0n;
  #tag: Buffer | undefined;
  #damage: { readonly offset: bigint; readonly what: string } | undefined;
  #searched = 0;

  /** Whether any frame has been found. */
  get hasFound(): boolean {
    return this.#tag !== undefined;
  }

  /** Bytes that have come and are used up. */
  get offset(): bigint {
    return this.#base + BigInt(this.#start);
  }

  *push(bytes: Uint8Array): Generator<FoundFrame | FoundDamage> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#makeRoom());
      this.#buffer.set(part, this.#end);
      this.#end += part.length;
      at += part.length;
      yield* this.#take(false);
    }
  }

  /** All has come. */
  *end(): Generator<FoundFrame | FoundDamage> {
    yield* this.#take(true);
    if (this.#start < this.#end) {
      this.#damage ??= { offset: this.offset, what: 'it is cut in the middle of a part' };
      this.#start = this.#end;
    }
    yield* this.#tellDamage(this.hasFound ? 'cut' : 'not-a-dump');
  }

  /** Moves what is left to the front. @returns the room behind it */
  #makeRoom(): number {
    if (this.#start > 0 && CAPACITY - this.#end < HEAD_SIZE + MAX_PAYLOAD) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#base += BigInt(this.#start);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return CAPACITY - this.#end;
  }

  *#take(isAll: boolean): Generator<FoundFrame | FoundDamage> {
    while (this.#end > this.#start) {
      const found = this.#candidate();
      if (found.kind === 'incomplete') {
        if (!isAll) return;
        // What looks like the start of a frame may be damage, with whole frames behind it.
        if (!this.#damage) this.#damage = { offset: this.offset, what: 'it is cut in the middle of a part' };
        if (!this.#seek(true)) return;
      } else if (found.kind === 'bad') {
        this.#damage ??= { offset: this.offset, what: found.what };
        if (!this.#seek(isAll)) return;
      } else {
        const wasTold = this.#damage !== undefined;
        yield* this.#tellDamage('changed');
        yield* this.#accept(found.frame, found.size, wasTold);
      }
    }
  }

  /** What stands at the start. */
  #candidate(): Candidate {
    const available = this.#end - this.#start;
    if (available < HEAD_SIZE) {
      const magic = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + MAGIC.length));
      if (!magic.equals(MAGIC.subarray(0, magic.length))) return { kind: 'bad', what: 'a part is changed' };
      return { kind: 'incomplete' };
    }
    const head = this.#buffer.subarray(this.#start, this.#start + HEAD_SIZE);
    const frame = decodeHead(head);
    if (!frame) return { kind: 'bad', what: 'the head of a part is changed' };
    if (this.#tag && !frame.tag.equals(this.#tag))
      return { kind: 'bad', what: 'a part belongs to another dump' };
    const size = HEAD_SIZE + frame.length;
    if (available < size) return { kind: 'incomplete' };
    if (isIntact(head, this.#buffer.subarray(this.#start + HEAD_SIZE, this.#start + size)))
      return { kind: 'frame', frame, size };
    this.#searched += size;
    return { kind: 'bad', what: 'the contents of a part are changed' };
  }

  /** Goes on to what may be the next frame. @returns whether there is one */
  #seek(isAll: boolean): boolean {
    const came = Number(this.#base) + this.#end;
    const isHopeless = this.#searched > SEARCH_ALLOWANCE + SEARCH_FACTOR * came;
    const next = isHopeless ? -1 : this.#buffer.subarray(0, this.#end).indexOf(MAGIC, this.#start + 1);
    if (next >= 0) {
      this.#start = next;
      return true;
    }
    // The last bytes may be the first ones of a magic.
    const kept = isAll || isHopeless ? 0 : MAGIC.length - 1;
    this.#start = Math.max(this.#start + 1, this.#end - kept);
    this.#start = Math.min(this.#start, this.#end);
    return false;
  }

  /** @param wasTold whether damage before it explains that parts are missing */
  *#accept(frame: FrameHead, size: number, wasTold: boolean): Generator<FoundFrame | FoundDamage> {
    const [offset, start] = [this.offset, this.#start];
    this.#start += size;
    this.#tag ??= frame.tag;
    if (frame.offset < this.#reached) {
      const what = 'a part comes a second time';
      yield { kind: 'damage', damage: { kind: 'misplaced', offset, length: BigInt(size), what } };
      return;
    }
    if (frame.offset > this.#reached && !wasTold) {
      const what = 'parts are missing';
      yield { kind: 'damage', damage: { kind: 'misplaced', offset, length: 0n, what } };
    }
    this.#reached = frame.offset + BigInt(size);
    const payloadStart = start + HEAD_SIZE;
    yield {
      kind: 'frame',
      type: frame.type,
      offset,
      payload: this.#buffer.subarray(payloadStart, start + size),
      head: this.#buffer.subarray(start, payloadStart),
    };
  }

  *#tellDamage(kind: Damage['kind']): Generator<FoundDamage> {
    if (!this.#damage) return;
    const { offset } = this.#damage;
    const what = kind === 'not-a-dump' ? 'nothing in it is a part of a volume dump' : this.#damage.what;
    this.#damage = undefined;
    yield { kind: 'damage', damage: { kind, offset, length: this.offset - offset, what } };
  }
}
