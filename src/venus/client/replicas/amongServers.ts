import type { ObjectStatus } from '../../net/fileProtocol.ts';
import { isInconsistent } from '../../tree/version.ts';
import type { UserSession } from '../userSession.ts';
import { poll } from '../vsg/poll.ts';
import { StorageGroup } from '../vsg/storageGroup.ts';

/**
 * Whether servers have versions of an object that nothing could merge. Of what this client has changed, the version that is
 * here does not tell: then the servers are asked, since only they know (spec/repair.md, 16.6).
 */
export async function isInConflictAmongServers(
  session: UserSession,
  status: Pick<ObjectStatus, 'fid' | 'versionVector'>,
): Promise<boolean> {
  if (isInconsistent(status)) return true;
  const { client } = session;
  const { fid } = status;
  if (!client.tree.logs.isDirty(fid)) return false;
  const group = await client.serverOf(fid.volume);
  if (!(group instanceof StorageGroup)) return false;
  const credentials = session.credentials();
  const { answers } = await poll(group.members, 'getStatus', () => ({ credentials, fid }));
  return answers.some(({ reply }) => isInconsistent(reply));
}
