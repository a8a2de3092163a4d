import {
  HOARD_WEIGHT,
  RECENCY_WEIGHT,
  objectPriority,
  recencyPriority,
  recencyRank,
} from '../../../hoard/priority.ts';
import { ALL_USERS } from '../../../ipc/hoardName.ts';
import { type Fid, formatRealmFid } from '../../../ipc/fid.ts';
import type { CacheExplanation } from '../../../ipc/hoard.ts';
import { fail } from '../../fail.ts';
import type { Vnode } from '../../tree/vnodes.ts';
import type { CacheManager } from '../cacheManager.ts';
import { type CachedObject, fidText } from '../cache/inventory.ts';
import { LocalView } from './cacheView.ts';
import { Expansion } from './expansion.ts';
import { pathOf } from './hoardState.ts';
import { knownPlace } from './knownPlace.ts';
import { Listed } from './plan.ts';

/** Why an object is here, and when it would go. Nothing is asked of a server. @throws VenusError ENOENT for what is not known here */
export async function explain(client: CacheManager, path: string): Promise<CacheExplanation> {
  await client.hoard.settled();
  const { cache } = client.tree;
  const fid = await knownPlace(client, path);
  const vnode = cache.vnodes.find(fid);
  const object = cache.inventory.find(fid);
  if (!vnode || !object) return fail('ENOENT');
  const { lastUse, hoardPriority } = object;
  const spread = cache.inventory.spreadOf(lastUse);
  const recency = recencyPriority(spread);
  const total = objectPriority(hoardPriority, recency);
  const pinned = pinsOf(client, vnode);
  const binding = cache.inventory.bindingOf(fid);
  return {
    path: `/coda/${path
      .split('/')
      .filter((name) => name !== '')
      .join('/')}`,
    fid: formatRealmFid({ ...fid, realm: client.realm.name }),
    type: vnode.type,
    ...(vnode.type === 'file' ? { length: vnode.length } : {}),
    isCached: cache.hasContents(vnode),
    hoard: {
      priority: hoardPriority,
      ...(binding === undefined ? {} : { uid: binding.uid }),
      entries: await entriesOf(client, fid),
    },
    recency: {
      priority: recency,
      ...(spread === undefined ? {} : { rank: recencyRank(spread), spread }),
    },
    weights: { hoard: HOARD_WEIGHT, recency: RECENCY_WEIGHT },
    total,
    pinned: [...pinned],
    ...(pinned.length > 0 || !cache.hasContents(vnode) ? {} : { before: before(client, object, total) }),
  };
}

function pinsOf(client: CacheManager, { fid, type, parent }: Vnode): CacheExplanation['pinned'] {
  const { cache, logs } = client.tree;
  const pins: CacheExplanation['pinned'] = [];
  if (logs.isDirty(fid)) pins.push('unsent');
  if (cache.replacement.isOpen(fid)) pins.push('open');
  const isAbove = type === 'directory' && cache.inventory.childrenOf(fid) > 0;
  if (isAbove || (type === 'directory' && parent === undefined)) pins.push('structure');
  return pins;
}

/** The entries that bring an object. */
async function entriesOf(client: CacheManager, fid: Fid): Promise<CacheExplanation['hoard']['entries']> {
  const entries: CacheExplanation['hoard']['entries'] = [];
  const wanted = fidText(fid);
  let looked = 0;
  for (const { uid, ...entry } of client.hoard.entries.byPriority(ALL_USERS)) {
    for await (const found of new Expansion({ ...entry, uid }, new LocalView(client)).run()) {
      if (++looked % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
      if (found.kind === 'failure' || fidText(found.object.fid) !== wanted) continue;
      const { volume, realm, name, priority } = entry;
      const isExpanded = found.kind === 'object' && !found.isEntry;
      const path = pathOf(client, volume, name);
      entries.push({ volume, realm, name, path, priority, isExpanded });
      break;
    }
  }
  return entries;
}

const BATCH = 256;

/** What would be thrown out before an object, in that order. */
function before(client: CacheManager, object: CachedObject, total: number) {
  const { inventory, replacement } = client.tree.cache;
  const listed = new Listed();
  const sooner: { readonly other: CachedObject; readonly priority: number }[] = [];
  for (const other of inventory.all()) {
    if (other === object || other.contents === undefined || replacement.isPinned(other.fid)) continue;
    const priority = inventory.priorityOf(other);
    if (priority < total || (priority === total && other.lastUse < object.lastUse))
      sooner.push({ other, priority });
  }
  sooner.sort((a, b) => a.priority - b.priority || a.other.lastUse - b.other.lastUse);
  for (const { other, priority } of sooner)
    listed.add({ path: client.knownPathOf(other.fid), bytes: other.contents ?? 0, priority });
  return listed.victims;
}
