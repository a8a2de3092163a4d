import type { Fid } from '../../../ipc/fid.ts';
import type { CacheManager } from '../cacheManager.ts';
import { type HoardBinding, fidText } from '../cache/inventory.ts';
import { LocalView } from './cacheView.ts';
import { Expansion } from './expansion.ts';
import type { HoardDatabase } from './hoardDatabase.ts';

type Bound = { readonly fid: Fid; readonly binding: HoardBinding | undefined };

/** Bindings changed in one transaction, and objects looked at before others have their turn. */
const BATCH = 512;

/**
 * Makes the objects that are here as much hoarded as the entries say, and what no entry leads to any more not at all.
 * Nothing is asked of a server: what is not here is bound when a walk brings it.
 */
export async function bindAnew(client: CacheManager, entries: HoardDatabase): Promise<void> {
  const { inventory } = client.tree.cache;
  const wanted = new Set<string>();
  let changed: Bound[] = [];
  const flush = async () => {
    const bound = changed;
    changed = [];
    if (bound.length > 0) await client.tree.cache.bind(bound);
  };
  let seen = 0;
  for (const entry of entries.byPriority()) {
    for await (const found of new Expansion(entry, new LocalView(client)).run()) {
      if (++seen % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
      const fid = found.kind === 'failure' ? undefined : found.object.fid;
      // By falling priority: the first that leads to it counts.
      if (!fid || wanted.has(fidText(fid))) continue;
      wanted.add(fidText(fid));
      const present = inventory.bindingOf(fid);
      if (present?.priority === entry.priority && present.uid === entry.uid) continue;
      changed.push({ fid, binding: { priority: entry.priority, uid: entry.uid } });
      if (changed.length >= BATCH) await flush();
    }
  }
  await flush();
  for (const { fid } of [...inventory.bindings()]) {
    if (wanted.has(fidText(fid))) continue;
    changed.push({ fid, binding: undefined });
    if (changed.length >= BATCH) await flush();
  }
  await flush();
}
