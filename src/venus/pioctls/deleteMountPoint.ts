import { deleteMountPoint } from '../../ipc/calls/deleteMountPoint.ts';
import { Changes } from '../client/changes.ts';
import { handler } from './handler.ts';
import { mountLinkContents } from './mountLink.ts';

export const deleteMountPointHandler = handler(deleteMountPoint, async ({ session }, path, entry) => {
  const directory = (await path.changeableDirectory()).status.fid;
  await mountLinkContents(session, directory, entry);
  await new Changes(session).remove({ directory, name: entry });
});
