import { writeDisconnect } from '../../ipc/calls/writeDisconnect.ts';
import type { ReintegrationLimits } from '../../ipc/calls/reintegrationLimits.ts';
import { volumeOf } from '../client/place.ts';
import type { CacheManager } from '../client/cacheManager.ts';
import { handler } from './handler.ts';

export const writeDisconnectHandler = handler(writeDisconnect, async ({ session }, path, limits) => {
  await setLimits(session.client, volumeOf(await path.place()), limits);
});

/** What is not given stays as it is. A log that may go out now does. */
export async function setLimits(
  client: CacheManager,
  volume: number,
  { age, time }: ReintegrationLimits,
): Promise<void> {
  const present = client.settings.get(volume);
  await client.settings.set(volume, { age: age ?? present.age, timeLimit: time ?? present.timeLimit });
  void client.reintegrator.kick(volume);
}
