import { isErrno } from '../../../ipc/errors.ts';
import {
  groupChangeSchema,
  newUserSchema,
  newVolumeSchema,
  passwordResetSchema,
  toJsonName,
} from '../../../ipc/socket/routes.ts';
import type { VolumeStatus } from '../../../ipc/volumeStatus.ts';
import { mountPathOf } from '../../client/naming.ts';
import type { CacheManager } from '../../client/cacheManager.ts';
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
    const { name, owner, maxQuota = 0, servers } = await exchange.json(newVolumeSchema);
    const request = { name, owner, maxQuota, ...(servers === undefined ? {} : { servers }) };
    await realm(exchange).call('createVolume', request);
    exchange.reply({});
  },
};

function realm({ session }: Exchange) {
  return session.client.realm.realm;
}

async function describe({ session }: Exchange, volume: VolumeLocation): Promise<object> {
  const { id, name, replicas } = volume;
  const status = await statusOf(session.client, volume);
  const mountedAt = await mountPathOf(session, id).catch((error: unknown) => {
    if (isErrno(error, 'EINVAL', 'EACCES', 'ENOENT', 'ENAMETOOLONG', 'ETIMEDOUT')) return undefined;
    throw error;
  });
  return {
    id,
    name,
    ...(status ? { maxQuota: status.maxQuota, blocksUsed: status.blocksUsed } : {}),
    servers: replicas.map((replica) => replica.server),
    ...(mountedAt === undefined ? {} : { mountedAt: toJsonName(mountedAt) }),
  };
}

/** As one of its servers tells it: one that does not answer, or lost the volume, is passed over. */
async function statusOf(
  { realm: { servers } }: CacheManager,
  { id, replicas }: VolumeLocation,
): Promise<VolumeStatus | undefined> {
  for (const { server: name } of replicas) {
    const server = servers.find((known) => known.name === name);
    try {
      const answer = await server?.call('describeVolume', { volume: id });
      if (answer) return answer.status;
    } catch (error) {
      if (!isErrno(error, 'ETIMEDOUT', 'ENXIO')) throw error;
    }
  }
  return undefined;
}
