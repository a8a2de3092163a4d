import { checkServers } from '../../ipc/calls/checkServers.ts';
import { handler } from './handler.ts';

export const checkServersHandler = handler(checkServers, async ({ session }, _path, addresses) => {
  const { servers } = session.client.realm;
  const asked = servers.filter(({ address }) => addresses.length === 0 || addresses.includes(address));
  const probes = await Promise.allSettled(asked.map((server) => server.call('probe', null)));
  return asked.filter((_, index) => probes[index]?.status === 'rejected').map(({ address }) => address);
});
