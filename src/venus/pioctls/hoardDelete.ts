import { hoardDelete } from '../../ipc/calls/hoardDelete.ts';
import { handler } from './handler.ts';

export const hoardDeleteHandler = handler(hoardDelete, ({ session }, _path, name) =>
  session.client.hoard.entries.remove(session.uid, name),
);
