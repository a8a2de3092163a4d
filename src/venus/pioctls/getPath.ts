import { getPath } from '../../ipc/calls/getPath.ts';
import { pathOfFid } from '../client/naming.ts';
import { isCodaRoot } from '../client/place.ts';
import { fail } from '../fail.ts';
import { pathAtReplica } from '../client/replicas/replicaNames.ts';
import { handler } from './handler.ts';

export const getPathHandler = handler(getPath, async ({ session }, _path, fid) => {
  if (isCodaRoot(fid)) return '/coda';
  if (fid.realm !== session.realm) return fail('EVOLUME');
  return (await pathAtReplica(session, fid)) ?? pathOfFid(session, fid);
});
