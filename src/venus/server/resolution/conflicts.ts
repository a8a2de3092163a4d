/** The conflicts found by a merge, each once. */
import { formatFid } from '../../../ipc/fid.ts';
import type { MergeConflict } from './mergePlan.ts';
import type { Item, Pair } from './volumeView.ts';

export class Conflicts {
  readonly #found = new Map<string, MergeConflict>();
  /** Fids in conflict, formatted. */
  readonly #fids = new Set<string>();

  get all(): readonly MergeConflict[] {
    return [...this.#found.values()];
  }

  has(item: Item): boolean {
    return this.#fids.has(formatFid(item.fid));
  }

  /** A name that differs for no reason of its own, unless what is wrong with its directory is known already. */
  ofDependent(pair: Pair): void {
    if (!this.has(survivor(pair.directory))) this.ofName('dependent', pair);
  }

  /** An object whose contents or status are in conflict. */
  ofItem({ fid }: Item): void {
    this.#add({ fid, kind: 'update/update' });
  }

  /** What concerns a name is a conflict of the directory that it is in. */
  ofName(kind: MergeConflict['kind'], { directory, slot }: Pair): void {
    this.#add({ fid: survivor(directory).fid, kind, name: slot.name });
  }

  #add(conflict: MergeConflict): void {
    const fid = formatFid(conflict.fid);
    this.#fids.add(fid);
    this.#found.set(`${fid} ${conflict.kind} ${conflict.name ?? ''}`, conflict);
  }
}

/** A directory, or the next one above that is not gone anywhere, since people can only repair what they find. */
function survivor(directory: Item): Item {
  const seen = new Set<Item>();
  let found = directory;
  while ((found.gone !== 0 || found.dies) && !seen.has(found)) {
    seen.add(found);
    const name = found.names.find(({ now }) => now !== 0) ?? found.names.find(({ before }) => before);
    const above = name ?? found.names[0];
    if (above) found = above.directory;
  }
  return found;
}
