import { speakForUser } from '../../ipc/calls/speakForUser.ts';
import { handler } from './handler.ts';

export const speakForUserHandler = handler(speakForUser, async (context, _path, uid) => {
  context.speakFor(uid);
  return Promise.resolve();
});
