import { statfs } from 'node:fs/promises';
import type { CacheFacts } from '../../../ipc/hoard.ts';
import type { CacheManager } from '../cacheManager.ts';
import { INTERVAL } from './hoard.ts';
import { finite } from './plan.ts';

/** The room that a client has, what fills it, and what it does to keep what is hoarded in it. */
export async function cacheFacts(client: CacheManager): Promise<CacheFacts> {
  const { hoard, directory, tree, files } = client;
  const { inventory } = tree.cache;
  const { capacity, used } = files.room();
  const { bavail, bsize } = await statfs(directory);
  const { lastWalk, running, nextWalk } = hoard;
  return {
    capacity: { objects: finite(inventory.capacity), bytes: finite(capacity) },
    used: { objects: inventory.size, bytes: used },
    filledBy: filledBy(client, used),
    disk: { directory, free: bavail * bsize },
    entries: { count: hoard.entries.count, limit: finite(hoard.entries.limit) },
    walks: {
      isPeriodic: hoard.isPeriodic,
      interval: INTERVAL / 1000,
      ...(nextWalk === undefined ? {} : { next: nextWalk }),
      ...(running === undefined ? {} : { running }),
      ...(lastWalk === undefined ? {} : { last: lastWalk }),
    },
  };
}

function filledBy({ tree, files }: CacheManager, used: number): CacheFacts['filledBy'] {
  const { inventory, replacement } = tree.cache;
  const sums = { open: 0, hoarded: 0, clean: 0 };
  for (const { contents = 0, fid, hoardPriority } of inventory.all()) {
    if (contents === 0 || tree.logs.isDirty(fid)) continue;
    if (replacement.isOpen(fid)) sums.open += contents;
    else if (hoardPriority > 0) sums.hoarded += contents;
    else sums.clean += contents;
  }
  // What is not the contents of a clean file waits in a log, or is being written or fetched.
  const unsent = Math.min(files.fixedBytes, used);
  const other = Math.max(0, used - unsent - sums.open - sums.hoarded);
  return { unsent, open: sums.open, hoarded: sums.hoarded, other };
}
