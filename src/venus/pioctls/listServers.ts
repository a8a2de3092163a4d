import { listServers } from '../../ipc/calls/listServers.ts';
import { handler } from './handler.ts';

export const listServersHandler = handler(listServers, async ({ session }) =>
  Promise.resolve(session.client.realm.servers.map(({ name, address }) => ({ name, address }))),
);
