import { setZoneLimits } from '../../ipc/calls/setZoneLimits.ts';
import { handler } from './handler.ts';

export const setZoneLimitsHandler = handler(setZoneLimits, async ({ session }, _path, zones) => {
  session.client.throttle.zones = zones;
  return Promise.resolve();
});
