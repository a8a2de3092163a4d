import { type Hash, createHash } from 'node:crypto';
import { ByteWriter } from '../ipc/bytes.ts';
import { encodeText } from '../ipc/text.ts';
import { FINGERPRINT_SIZE, type IndexEntry, type ObjectStatus } from './record.ts';
import { writeStatus } from './recordCodec.ts';

/**
 * A fingerprint of an object's state: type, place, names, mode, time, version vector, length or target. Contents
 * count by the version vector, which no two versions of a file share. Owners and access lists count by it too: their
 * ids may be others in the realm where the volume is restored, and it must still be the same state.
 * @param names all of them, in any order
 */
export function fingerprint(status: ObjectStatus, names: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  writeStatus(writer, status);
  const encoded = names.map((name) => Buffer.from(encodeText(name))).sort((a, b) => Buffer.compare(a, b));
  for (const name of encoded) writer.u32(name.length).bytes(name);
  return createHash('sha256').update(writer.finish()).digest().subarray(0, FINGERPRINT_SIZE);
}

/** The digest of a volume's whole state: of the fingerprints of all objects, in the order of their numbers. */
export class StateDigest {
  readonly #hash: Hash = createHash('sha256');

  add({ vnode, unique, fingerprint: print }: IndexEntry): void {
    const id = Buffer.alloc(8);
    id.writeUInt32LE(vnode);
    id.writeUInt32LE(unique, 4);
    this.#hash.update(id).update(print);
  }

  /** To be asked once, at the end. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#hash.digest());
  }
}
