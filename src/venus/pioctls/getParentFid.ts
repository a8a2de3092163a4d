import { getParentFid } from '../../ipc/calls/getParentFid.ts';
import { parentOfFid } from '../client/naming.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const getParentFidHandler = handler(getParentFid, async ({ session }, _path, fid) =>
  fid.realm === session.realm ? parentOfFid(session, fid) : fail('EVOLUME'),
);
