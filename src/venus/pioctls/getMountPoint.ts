import { getMountPoint } from '../../ipc/calls/getMountPoint.ts';
import { mountPathOf } from '../client/naming.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const getMountPointHandler = handler(getMountPoint, async ({ session }, _path, { volume, realm }) =>
  realm === session.realm ? mountPathOf(session, volume) : fail('EINVAL'),
);
