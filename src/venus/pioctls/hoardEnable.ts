import { hoardEnable } from '../../ipc/calls/hoardEnable.ts';
import { handler } from './handler.ts';

export const hoardEnableHandler = handler(hoardEnable, ({ session }) => {
  session.client.hoard.isPeriodic = true;
  return Promise.resolve();
});
