import { getParentFid } from '../../ipc/calls/getParentFid.ts';
import { parentOfFid } from '../client/naming.ts';
import { fail } from '../fail.ts';
import { parentAtReplica } from '../client/replicas/replicaNames.ts';
import { handler } from './handler.ts';

export const getParentFidHandler = handler(getParentFid, async ({ session }, _path, fid) => {
  if (fid.realm !== session.realm) return fail('EVOLUME');
  return (await parentAtReplica(session, fid)) ?? parentOfFid(session, fid);
});
