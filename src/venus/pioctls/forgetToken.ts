import { forgetToken } from '../../ipc/calls/forgetToken.ts';
import { handler } from './handler.ts';

export const forgetTokenHandler = handler(forgetToken, async ({ session }, _path, realm) => {
  await session.client.tokens.forget(session.uid, realm);
  session.client.events.report({ kind: 'token', uid: session.uid, realm, change: 'forgotten' });
});
