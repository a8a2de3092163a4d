import { whereIs } from '../../ipc/calls/whereIs.ts';
import { handler } from './handler.ts';

export const whereIsHandler = handler(whereIs, async ({ session }, path) => {
  const place = await path.place();
  if (place.kind === 'root') return [];
  const { replicas } = await session.client.locate(place.status.fid.volume);
  return replicas.map(({ address, volume }) => ({ address, replicaVolume: volume }));
});
