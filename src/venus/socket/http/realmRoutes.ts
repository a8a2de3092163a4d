import { isErrno } from '../../../ipc/errors.ts';
import {
  groupChangeSchema,
  newUserSchema,
  newVolumeSchema,
  passwordResetSchema,
  toJsonName,
} from '../../../ipc/socket/routes.ts';
import { mountPathOf } from '../../client/naming.ts';
import type { VolumeLocation } from '../../net/realmProtocol.ts';
import type { Exchange, Route } from './exchange.ts';

/** What volutil, pdbtool and au do for a real realm: `/v1/realm/…`. The owner of the socket is the realm's operator. */
export const realmRoutes: Readonly<Record<string, Route>> = {
  'GET /realm/users': async (exchange) => {
    exchange.reply({ users: await realm(exchange).call('listUsers', null) });
  },
  'POST /realm/users': async (exchange) => {
    await realm(exchange).call('addUser', await exchange.json(newUserSchema));
    exchange.reply({});
  },
  'POST /realm/passwords': async (exchange) => {
    await realm(exchange).call('resetPassword', await exchange.json(passwordResetSchema));
    exchange.reply({});
  },
  'DELETE /realm/users': async (exchange) => {
    await realm(exchange).call('removeUser', { name: exchange.name('name') });
    exchange.reply({});
  },

  'GET /realm/groups': async (exchange) => {
    exchange.reply({ groups: await realm(exchange).call('listGroups', null) });
  },
  'POST /realm/groups': async (exchange) => {
    await realm(exchange).call('addGroup', await exchange.json(groupChangeSchema));
    exchange.reply({});
  },
  'DELETE /realm/groups': async (exchange) => {
    await realm(exchange).call('removeGroup', await exchange.json(groupChangeSchema));
    exchange.reply({});
  },

  'GET /realm/volumes': async (exchange) => {
    const volumes = await realm(exchange).call('listVolumes', null);
    exchange.reply({ volumes: await Promise.all(volumes.map((volume) => describe(exchange, volume))) });
  },
  'POST /realm/volumes': async (exchange) => {
    const { name, owner, maxQuota = 0 } = await exchange.json(newVolumeSchema);
    await realm(exchange).call('createVolume', { name, owner, maxQuota });
    exchange.reply({});
  },
};

function realm({ session }: Exchange) {
  return session.client.realm.realm;
}

async function describe({ session }: Exchange, { id, name, replicas }: VolumeLocation): Promise<object> {
  const server = await session.client.serverOf(id);
  const { status } = await server.call('describeVolume', { volume: id });
  const mountedAt = await mountPathOf(session, id).catch((error: unknown) => {
    if (isErrno(error, 'EINVAL', 'EACCES', 'ENOENT', 'ENAMETOOLONG')) return undefined;
    throw error;
  });
  return {
    id,
    name,
    maxQuota: status.maxQuota,
    blocksUsed: status.blocksUsed,
    servers: replicas.map((replica) => replica.server),
    ...(mountedAt === undefined ? {} : { mountedAt: toJsonName(mountedAt) }),
  };
}
