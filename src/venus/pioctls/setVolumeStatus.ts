import { setVolumeStatus } from '../../ipc/calls/setVolumeStatus.ts';
import { textLength } from '../../ipc/text.ts';
import { volumeOf } from '../client/place.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

/** Bytes with their NUL (spec/cfs.md, 6.2). */
const [MAX_NAME, MAX_MESSAGE] = [32, 256];

export const setVolumeStatusHandler = handler(setVolumeStatus, async ({ session }, path, settings) => {
  const { status, name, offlineMessage, messageOfTheDay } = settings;
  if (textLength(name) + 1 >= MAX_NAME || textLength(offlineMessage) >= MAX_MESSAGE) fail('EINVAL');
  if (textLength(messageOfTheDay) + 1 >= MAX_MESSAGE) fail('EINVAL');
  const place = await path.place();
  if (place.kind === 'root') return fail('EROFS');
  const volume = volumeOf(place);
  const server = await session.client.serverOf(volume);
  const answer = await server.call('setVolumeStatus', {
    credentials: session.credentials(),
    volume,
    ...(status.minQuota > -1 ? { minQuota: status.minQuota } : {}),
    ...(status.maxQuota > -1 ? { maxQuota: status.maxQuota } : {}),
    ...(offlineMessage === '' ? {} : { offlineMessage }),
    ...(messageOfTheDay === '' ? {} : { messageOfTheDay }),
  });
  return { ...answer, name: (await session.client.locate(volume)).name };
});
