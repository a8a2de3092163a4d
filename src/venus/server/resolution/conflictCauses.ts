import { type ConflictCause } from '../../../ipc/repairs.ts';
import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { decodeText, encodeText } from '../../../ipc/text.ts';
import type { Table, Writer } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import { isInconsistent } from '../../tree/version.ts';
import type { Vnodes } from '../../tree/vnodes.ts';
import type { MergeConflict } from './mergePlan.ts';

/** Names as bytes, since the store would not keep every byte of a text. */
interface StoredCauses {
  readonly fid: Fid;
  readonly causes: readonly { readonly kind: ConflictCause['kind']; readonly name?: Uint8Array }[];
}

/** Why objects of a server are in conflict, as the last resolution that found it out has told. coda-data(5) describes the table. */
export class ConflictCauses {
  readonly #vnodes: Vnodes;
  readonly #stored: Table<StoredCauses>;

  constructor(vnodes: Vnodes) {
    this.#vnodes = vnodes;
    this.#stored = vnodes.database.table('conflictCauses');
  }

  /** None where nobody has told: the object is in conflict all the same. */
  of(fid: Fid): readonly ConflictCause[] {
    const found = this.#stored.get(key(fid.volume, fid.vnode));
    if (found?.fid.unique !== fid.unique) return [];
    return found.causes.map(({ kind, name }) => (name ? { kind, name: decodeText(name) } : { kind }));
  }

  /** Takes over what a resolution of a volume has found, and forgets what is in conflict no more. */
  note(writer: Writer, volume: number, conflicts: readonly MergeConflict[]): void {
    for (const { key: found, value } of [...this.#stored.entries(key(volume))]) {
      const vnode = this.#vnodes.find(value.fid);
      if (!vnode || !isInconsistent(vnode)) writer.remove(this.#stored, found);
    }
    const found = new Map<string, StoredCauses>();
    for (const { fid, kind, name } of conflicts) {
      if (!this.#vnodes.find(fid)) continue;
      const cause = { kind, ...(name === undefined ? {} : { name: encodeText(name) }) };
      found.set(formatFid(fid), { fid, causes: [...(found.get(formatFid(fid))?.causes ?? []), cause] });
    }
    for (const each of found.values()) writer.put(this.#stored, key(each.fid.volume, each.fid.vnode), each);
  }
}
