import { getPath } from '../../ipc/calls/getPath.ts';
import { pathOfFid } from '../client/naming.ts';
import { isCodaRoot } from '../client/place.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const getPathHandler = handler(getPath, async ({ session }, _path, fid) => {
  if (isCodaRoot(fid)) return '/coda';
  return fid.realm === session.realm ? pathOfFid(session, fid) : fail('EVOLUME');
});
