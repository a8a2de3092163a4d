import { setTimeLimit } from '../../ipc/calls/setTimeLimit.ts';
import { handler } from './handler.ts';

export const setTimeLimitHandler = handler(setTimeLimit, async (context, _path, milliseconds) => {
  context.limitTime(milliseconds);
  return Promise.resolve();
});
