import { getTokenOwner } from '../../ipc/calls/getTokenOwner.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const getTokenOwnerHandler = handler(getTokenOwner, async ({ session }, _path, realm) => {
  const token = session.client.tokens.get(session.uid, realm) ?? fail('ENOTCONN');
  const { name } = await session.client.realm.realm.call('nameOfUser', { viceId: token.clear.viceId });
  return name ?? fail('ENOENT');
});
