import { DumpReader } from '../../../dump/dumpReader.ts';
import { type DumpBase, FINGERPRINT_SIZE, type HeaderRecord, type IndexEntry } from '../../../dump/record.ts';
import { RefusedError } from '../../../ipc/errors.ts';

const [ENTRY_SIZE, FIRST_ROOM] = [8 + FINGERPRINT_SIZE, 1024];
/** Objects of a base at most: they are kept in memory, 24 bytes each. */
const MAX_ENTRIES = 16 * 1024 * 1024;

/** What an increment needs to know of the dump below it: which objects were there, and in which state. */
export class BaseIndex {
  readonly #reader = new DumpReader({ isTolerant: false });
  #entries = Buffer.alloc(FIRST_ROOM * ENTRY_SIZE);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Takes the next bytes of the base, up to the end of its index. @throws DumpDamagedError */
  push(bytes: Uint8Array): void {
    if (this.#reader.indexEnd) return;
    for (const item of this.#reader.push(bytes)) {
      if (item.kind === 'index') for (const entry of item.entries) this.#add(entry);
      if (item.kind === 'index-end') return;
    }
  }

  /** All has come. @throws RefusedError where it is not enough */
  finish(): DumpBase & { readonly header: HeaderRecord } {
    const { header, indexEnd } = this.#reader;
    if (!header || !indexEnd)
      throw new RefusedError('bad-request', 'the dump to build upon ends before its index does');
    return { id: header.id, state: indexEnd.state, header };
  }

  at(index: number): IndexEntry | undefined {
    if (index >= this.#count) return undefined;
    const at = index * ENTRY_SIZE;
    return {
      vnode: this.#entries.readUInt32LE(at),
      unique: this.#entries.readUInt32LE(at + 4),
      fingerprint: this.#entries.subarray(at + 8, at + ENTRY_SIZE),
    };
  }

  #add({ vnode, unique, fingerprint }: IndexEntry): void {
    if (this.#count >= MAX_ENTRIES)
      throw new RefusedError('bad-request', 'the dump to build upon has too many objects', {
        next: 'Make a full dump.',
      });
    if (this.#entries.length < (this.#count + 1) * ENTRY_SIZE)
      this.#entries = Buffer.concat([this.#entries, Buffer.alloc(this.#entries.length)]);
    const at = this.#count++ * ENTRY_SIZE;
    this.#entries.writeUInt32LE(vnode, at);
    this.#entries.writeUInt32LE(unique, at + 4);
    this.#entries.set(fingerprint, at + 8);
  }
}
