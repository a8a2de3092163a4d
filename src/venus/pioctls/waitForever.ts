import { waitForever } from '../../ipc/calls/waitForever.ts';
import { handler } from './handler.ts';

/** Counts for one realm; what is said of another has no effect here, as in real venus (spec/cfs.md, 6.6). */
export const waitForeverHandler = handler(waitForever, async ({ session }, _path, { forever, realm }) => {
  if (realm === session.realm) session.client.serverWaits.set(session.uid, forever);
  return Promise.resolve();
});
