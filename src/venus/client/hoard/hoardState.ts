import { type Fid, formatRealmFid } from '../../../ipc/fid.ts';
import type { HoardSummary, HoardedObject } from '../../../ipc/hoard.ts';
import type { CacheManager } from '../cacheManager.ts';
import { fidText } from '../cache/inventory.ts';
import { LocalView } from './cacheView.ts';
import { Expansion, type Found } from './expansion.ts';
import type { StoredEntry } from './hoardDatabase.ts';
import type { SeenObject } from './view.ts';

type Condition = Pick<HoardedObject, 'state' | 'reason' | 'why' | 'since'>;

/** Objects looked at before others have their turn. */
const BATCH = 256;

/**
 * What is to be here and what of it is, as far as it is known here: nothing is asked of a server.
 * @param owner of the entries, or ALL_USERS
 * @returns what it comes to
 */
export async function* hoardState(
  client: CacheManager,
  owner: number,
): AsyncGenerator<HoardedObject, HoardSummary> {
  const { entries } = client.hoard;
  const summary = {
    entries: 0,
    present: { objects: 0, bytes: 0 },
    stale: { objects: 0, bytes: 0 },
    missing: { objects: 0, bytes: 0 },
  };
  const told = new Set<string>();
  let seen = 0;
  for (const entry of entries.byPriority(owner)) {
    summary.entries += 1;
    for await (const found of new Expansion(entry, new LocalView(client)).run()) {
      if (++seen % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
      if (found.kind === 'way') continue;
      const name = identityOf(entry, found);
      if (told.has(name)) continue;
      told.add(name);
      const object = hoardedObject(client, entry, found);
      const sum = summary[object.state];
      sum.objects += 1;
      sum.bytes += object.length ?? 0;
      yield object;
    }
  }
  return summary;
}

/** Different names of one object are one; what is not known to be an object is its name. */
function identityOf(entry: StoredEntry, found: Exclude<Found, { kind: 'way' }>): string {
  return found.kind === 'object' ? fidText(found.object.fid) : `${entry.volume}@${entry.realm}:${found.name}`;
}

function hoardedObject(
  client: CacheManager,
  entry: StoredEntry,
  found: Exclude<Found, { kind: 'way' }>,
): HoardedObject {
  const { volume, realm, name, priority, uid } = entry;
  const common = {
    path: pathOf(client, volume, found.name),
    priority,
    uid,
    entry: { volume, realm, name },
    isEntry: found.isEntry,
  };
  if (found.kind === 'failure') return { ...common, ...conditionOfFailure(client, entry, found) };
  const { fid, type, length } = found.object;
  return {
    ...common,
    fid: formatRealmFid({ ...fid, realm }),
    type,
    ...(type === 'file' ? { length } : {}),
    ...conditionOf(client, entry, found.object),
  };
}

function conditionOf(client: CacheManager, entry: StoredEntry, { fid }: SeenObject): Condition {
  const { cache, logs } = client.tree;
  const vnode = cache.vnodes.find(fid);
  if (!vnode || !cache.hasContents(vnode)) return missing(client, entry, fid);
  if (logs.isDirty(fid) || cache.validity.isValid(fid)) return { state: 'present' };
  if (client.hoard.hasChanged(fid)) return { state: 'stale', reason: 'changed' };
  // While no server can be asked, nothing newer is known of.
  return client.isReachable(fid.volume) ? { state: 'stale', reason: 'unconfirmed' } : { state: 'present' };
}

function conditionOfFailure(
  client: CacheManager,
  entry: StoredEntry,
  { reason, why, fid }: Extract<Found, { kind: 'failure' }>,
): Condition {
  if (reason === 'not fetched') return missing(client, entry, fid);
  return { state: 'missing', reason, ...(why === reason ? {} : { why }) };
}

/** What is not here, with the reason that the last walk found. */
function missing({ hoard }: CacheManager, entry: StoredEntry, fid: Fid | undefined): Condition {
  const failure = fid && hoard.failureOf(fid);
  if (failure) return { state: 'missing', ...failure };
  return { state: 'missing', reason: hoard.wasWalked(entry) ? 'not fetched' : 'not walked' };
}

/** From `/coda`, or the volume in eight hexadecimal digits where it is not known to be mounted. */
export function pathOf(client: CacheManager, volume: number, name: string): string {
  const inside = name === '.' ? '' : name.slice(2);
  const known = client.knownPathTo(volume, inside);
  if (known !== undefined) return known;
  const root = `${volume.toString(16).padStart(8, '0')}@${client.realm.name}`;
  return inside === '' ? root : `${root}/${inside}`;
}
