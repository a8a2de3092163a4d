import { purgeLog } from '../../ipc/calls/purgeLog.ts';
import { volumeOf } from '../client/place.ts';
import { handler } from './handler.ts';

export const purgeLogHandler = handler(purgeLog, async ({ session }, path) => {
  await session.purge(volumeOf(await path.place()), undefined);
});
