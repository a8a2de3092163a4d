import { clearPriorities } from '../../ipc/calls/clearPriorities.ts';
import { flushCache } from '../../ipc/calls/flushCache.ts';
import { flushVolume } from '../../ipc/calls/flushVolume.ts';
import { volumeOf } from '../client/place.ts';
import { handler } from './handler.ts';

/** What is open or not on the servers yet stays, without a word (spec/cfs.md, 6.5). */
export const flushVolumeHandler = handler(flushVolume, async ({ session }, path) => {
  const place = await path.place();
  // The Coda root is venus's own.
  if (place.kind !== 'root') await session.client.upkeep.forgetVolume(volumeOf(place));
});

/** The same of all volumes. */
export const flushCacheHandler = handler(flushCache, ({ session }) => session.client.upkeep.forgetAll());

export const clearPrioritiesHandler = handler(clearPriorities, ({ session }) => {
  session.client.upkeep.forgetUses();
  return Promise.resolve();
});
