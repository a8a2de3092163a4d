import { whereIs } from '../../ipc/calls/whereIs.ts';
import { volumeOf } from '../client/place.ts';
import { handler } from './handler.ts';

export const whereIsHandler = handler(whereIs, async ({ session }, path) => {
  const place = await path.place();
  if (place.kind === 'root') return [];
  const { replicas } = await session.client.locate(volumeOf(place));
  return replicas.map(({ address, volume }) => ({ address, replicaVolume: volume }));
});
