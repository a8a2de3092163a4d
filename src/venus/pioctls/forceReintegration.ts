import { forceReintegration } from '../../ipc/calls/forceReintegration.ts';
import { volumeOf } from '../client/place.ts';
import { handler } from './handler.ts';

/** Answers when all has gone, or something is in the way: success either way, as real venus (spec/cml.md, 2.4). */
export const forceReintegrationHandler = handler(forceReintegration, async ({ session }, path) => {
  await session.client.reintegrator.force(volumeOf(await path.place()));
});
