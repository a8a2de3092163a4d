import { NO_SERVER, redirect } from '../../ipc/calls/redirect.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

/** The server has to be one of the volume: there is no other that could have its contents. */
export const redirectHandler = handler(redirect, async ({ session }, path, address) => {
  const place = await path.place();
  if (place.kind !== 'object') return fail('EINVAL', 'It lies in no replicated volume.');
  const { volume } = place.status.fid;
  const { replicas } = await session.client.locate(volume);
  const replica = replicas.find((known) => known.address === address);
  if (address !== NO_SERVER && !replica) fail('EINVAL', 'The host is none of the servers of the volume.');
  session.client.redirections.set(volume, replica?.server);
});
