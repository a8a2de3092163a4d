import { setToken } from '../../ipc/calls/setToken.ts';
import { handler } from './handler.ts';

export const setTokenHandler = handler(setToken, async ({ session }, _path, { token, realm }) => {
  await session.client.tokens.set(session.uid, realm, token);
  session.client.events.report({ kind: 'token', uid: session.uid, realm, change: 'set' });
});
