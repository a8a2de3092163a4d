import { collapseObject, disableRepair, enableRepair, expandObject } from '../../ipc/calls/expandObject.ts';
import { objectOf } from '../client/place.ts';
import { fail } from '../fail.ts';
import { type PioctlContext, type RequestPath, handler } from './handler.ts';

/** Expanding an object in conflict begins its repair, and collapsing it ends that (spec/repair.md, 4). */
async function expand({ session }: PioctlContext, path: RequestPath): Promise<void> {
  const { status } = objectOf(await path.place());
  await session.client.repairs.begin(status.fid, session.uid);
}

async function collapse({ session }: PioctlContext, path: RequestPath): Promise<void> {
  const place = await path.place();
  if (place.kind !== 'expanded') return fail('EINVAL', 'It is not expanded.');
  if (place.repair.uid !== session.uid) fail('EACCES', `Uid ${place.repair.uid} repairs it.`);
  await place.repair.abort();
}

export const expandHandlers = [
  handler(enableRepair, expand),
  handler(expandObject, expand),
  handler(disableRepair, collapse),
  handler(collapseObject, collapse),
];
