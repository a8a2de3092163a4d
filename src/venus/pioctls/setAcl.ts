import { MAX_TEXT } from '../../acl/accessList.ts';
import { setAcl } from '../../ipc/calls/setAcl.ts';
import { textLength } from '../../ipc/text.ts';
import { changeable } from '../client/place.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const setAclHandler = handler(setAcl, async ({ session }, path, text) => {
  const place = await path.place();
  if (place.kind === 'root') return fail('EPERM');
  if (textLength(text) >= MAX_TEXT) return fail('EINVAL');
  await session.setAcl({ fid: changeable(place).status.fid, text });
});
