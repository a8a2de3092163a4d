import { getToken } from '../../ipc/calls/getToken.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const getTokenHandler = handler(getToken, async ({ session }, _path, realm) =>
  Promise.resolve(session.client.tokens.get(session.uid, realm) ?? fail('ENOTCONN')),
);
