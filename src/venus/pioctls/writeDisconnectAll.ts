import { writeDisconnectAll } from '../../ipc/calls/writeDisconnectAll.ts';
import { handler } from './handler.ts';
import { setLimits } from './writeDisconnect.ts';

export const writeDisconnectAllHandler = handler(writeDisconnectAll, async ({ session }, _path, limits) => {
  for (const volume of session.client.knownVolumes()) await setLimits(session.client, volume, limits);
});
