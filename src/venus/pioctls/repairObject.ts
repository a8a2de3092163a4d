import { repairObject } from '../../ipc/calls/repairObject.ts';
import { setVersionVector } from '../../ipc/calls/setVersionVector.ts';
import type { Fid } from '../../ipc/fid.ts';
import type { VersionVector } from '../../ipc/versionVector.ts';
import type { Place } from '../client/place.ts';
import { repairReplicas } from '../client/replicas/repairReplicas.ts';
import { poll } from '../client/vsg/poll.ts';
import { StorageGroup } from '../client/vsg/storageGroup.ts';
import type { UserSession } from '../client/userSession.ts';
import { isInconsistent } from '../tree/version.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

/** Takes an object in conflict, expanded or not. */
export const repairObjectHandler = handler(repairObject, async ({ session }, path, source) =>
  repairReplicas(session, fidOf(await path.place()), source),
);

/** Below an expanded object it is about that server, else about all (spec/repair.md, 4). */
export const setVersionVectorHandler = handler(setVersionVector, async ({ session }, path, versionVector) => {
  const place = await path.place();
  const fid = fidOf(place);
  const request = { credentials: session.credentials(), fid, versionVector };
  const { client } = place.kind === 'object' ? place.session : session;
  await refuseNewConflict(session, fid, versionVector);
  const server = await client.serverOf(fid.volume);
  if (server instanceof StorageGroup) {
    const { answers, failures } = await poll(server.members, 'setVersion', () => request);
    const [failure] = failures;
    if (failure) throw failure.error;
    if (answers.length === 0) fail('ETIMEDOUT');
    await server.resolve();
  } else await server.call('setVersion', request);
  session.client.tree.cache.validity.break([fid]);
});

/** A conflict that nobody could end, or one that would go against what is not on the servers yet. */
async function refuseNewConflict(
  { client }: UserSession,
  fid: Fid,
  versionVector: VersionVector,
): Promise<void> {
  if (!isInconsistent({ versionVector })) return;
  if ((await client.locate(fid.volume)).replicas.length === 1)
    fail('EOPNOTSUPP', 'The volume has one server: there is no other version for repair to choose.');
  if (client.tree.logs.isDirty(fid)) fail('EBUSY', 'It has changes that are not on the servers yet.');
}

function fidOf(place: Place): Fid {
  if (place.kind === 'root') return fail('EINVAL');
  return place.kind === 'expanded' ? place.expanded.fid : place.status.fid;
}
