import { collapseObject, disableRepair, enableRepair, expandObject } from '../../ipc/calls/expandObject.ts';
import { objectOf } from '../client/place.ts';
import { recordsBelow } from '../client/repair/subtree.ts';
import { isInConflictAmongServers } from '../client/replicas/amongServers.ts';
import { fail } from '../fail.ts';
import { type PioctlContext, type RequestPath, handler } from './handler.ts';

/**
 * Expanding an object begins the repair of what waits in the log for it, or else shows what each of its servers has; collapsing
 * it ends that (spec/repair.md, 4).
 */
async function expand({ session }: PioctlContext, path: RequestPath): Promise<void> {
  const { status } = objectOf(await path.place());
  const { fid } = status;
  const { client, uid } = session;
  if (client.expansions.of(fid)) fail('EINPROGRESS', 'It is expanded.');
  // As long as the servers differ among each other, nothing can be told about what waits in the log.
  if (await isInConflictAmongServers(session, status)) return client.expansions.expand(fid);
  const hasConflicts = recordsBelow(client.tree, fid).some(({ conflict }) => conflict);
  const { replicas } = await client.locate(fid.volume);
  if (hasConflicts || replicas.length === 1) await client.repairs.begin(fid, uid);
  else await client.expansions.expand(fid);
}

async function collapse({ session }: PioctlContext, path: RequestPath): Promise<void> {
  const place = await path.place();
  const { expansions } = session.client;
  if (place.kind === 'object' && place.session.client.replica !== undefined)
    return expansions.collapse(place.status.fid);
  if (place.kind !== 'expanded') return fail('EINVAL', 'It is not expanded.');
  const { expanded } = place;
  if (expanded.kind === 'server/server') return expansions.collapse(expanded.fid);
  if (expanded.uid !== session.uid) fail('EACCES', `Uid ${expanded.uid} repairs it.`);
  await expanded.abort();
}

export const expandHandlers = [
  handler(enableRepair, expand),
  handler(expandObject, expand),
  handler(disableRepair, collapse),
  handler(collapseObject, collapse),
];
