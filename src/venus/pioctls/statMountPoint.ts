import { statMountPoint } from '../../ipc/calls/statMountPoint.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';
import { mountLinkContents } from './mountLink.ts';

export const statMountPointHandler = handler(statMountPoint, async ({ session }, path, entry) => {
  const place = await path.place();
  if (place.kind === 'root') return entry === session.realm ? `@${entry}.` : fail('ENOENT');
  if (place.kind === 'expanded') return fail('ENOENT');
  if (place.status.type !== 'directory') return fail('ENOTDIR');
  return mountLinkContents(session, place.status.fid, entry);
});
