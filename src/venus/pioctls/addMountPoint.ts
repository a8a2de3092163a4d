import { addMountPoint } from '../../ipc/calls/addMountPoint.ts';
import { decodeText, encodeText } from '../../ipc/text.ts';
import { MOUNT_LINK_MODE } from '../client/place.ts';
import { Changes } from '../client/changes.ts';
import { handler } from './handler.ts';

/** Longest contents of a mount link, in bytes (spec/cfs.md, 6.4). */
const MAX_CONTENTS = 254;

export const addMountPointHandler = handler(addMountPoint, async ({ session }, path, { entry, volume }) => {
  const directory = (await path.changeableDirectory()).status.fid;
  const target = decodeText(encodeText(`#${volume}.`).subarray(0, MAX_CONTENTS));
  await new Changes(session).makeSymlink({ directory, name: entry, target, mode: MOUNT_LINK_MODE });
});
