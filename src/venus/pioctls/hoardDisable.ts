import { hoardDisable } from '../../ipc/calls/hoardDisable.ts';
import { handler } from './handler.ts';

export const hoardDisableHandler = handler(hoardDisable, ({ session }) => {
  session.client.hoard.isPeriodic = false;
  return Promise.resolve();
});
