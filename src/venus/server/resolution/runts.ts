import type { Fid } from '../../../ipc/fid.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import { isRunt } from '../../tree/version.ts';
import type { Vnodes } from '../../tree/vnodes.ts';

/**
 * Runts of a server: objects whose version was set back to nothing, as what is here of them is lost or damaged. No update
 * tells the others that, so that a resolution has to ask for them.
 */
export class Runts {
  readonly #vnodes: Vnodes;
  readonly #stored: Table<Fid>;

  constructor(vnodes: Vnodes, database: Database) {
    this.#vnodes = vnodes;
    this.#stored = database.table('runts');
  }

  /** To be called when objects may have become runts, or may be none any more. */
  look(writer: Writer, fids: readonly Fid[]): void {
    for (const fid of fids) {
      const vnode = this.#vnodes.find(fid);
      const isKnown = this.#stored.get(runtKey(fid)) !== undefined;
      if (vnode && isRunt(vnode)) {
        if (!isKnown) writer.put(this.#stored, runtKey(fid), fid);
      } else if (isKnown) writer.remove(this.#stored, runtKey(fid));
    }
  }

  list(volume: number): readonly Fid[] {
    const found: Fid[] = [];
    for (const { value } of this.#stored.entries(key(volume))) {
      const vnode = this.#vnodes.find(value);
      if (vnode && isRunt(vnode)) found.push(value);
    }
    return found;
  }
}

function runtKey({ volume, vnode, unique }: Fid) {
  return key(volume, vnode, unique);
}
