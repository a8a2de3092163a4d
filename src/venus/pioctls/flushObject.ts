import { flushObject } from '../../ipc/calls/flushObject.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

/** With all that is cached below it, in volumes that are mounted there, too (spec/cfs.md, 6.5). */
export const flushObjectHandler = handler(flushObject, async ({ session }, path) => {
  const place = await path.place();
  if (place.kind !== 'object' || place.session !== session)
    return fail('EMFILE', 'It is what venus shows of a conflict, or its own.');
  if (await session.client.upkeep.forgetObject(place.status.fid)) return;
  fail('EMFILE', 'It, or something in it, is in use or not on the servers yet.');
});
