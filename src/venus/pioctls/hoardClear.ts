import { hoardClear } from '../../ipc/calls/hoardClear.ts';
import { handler } from './handler.ts';

export const hoardClearHandler = handler(hoardClear, ({ session }, _path, owner) =>
  session.client.hoard.entries.clear(session.uid, owner),
);
