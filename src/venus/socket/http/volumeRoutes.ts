import { toJsonName } from '../../../ipc/socket/routes.ts';
import type { VolumeReport } from '../../../ipc/volumeInsight.ts';
import { Patience } from '../../client/patience.ts';
import { UserSession } from '../../client/userSession.ts';
import { StorageGroup } from '../../client/vsg/storageGroup.ts';
import type { Route } from './exchange.ts';
import { mountOf } from './logRoutes.ts';

/** What the client knows of its volumes, for those who watch: nothing here asks a server or waits for a log. */
export const volumeRoutes: Readonly<Record<string, Route>> = {
  'GET /volumes': async (exchange) => {
    const { client, uid } = exchange.session;
    const session = new UserSession(client, uid, new Patience(0));
    const volumes: object[] = [];
    for (const volume of client.knownVolumes()) {
      // One whose servers are not known could only be asked for.
      if (client.knownLocation(volume)) volumes.push(toJson(await reportOf(session, volume)));
    }
    exchange.reply({ volumes });
  },
};

async function reportOf(session: UserSession, volume: number): Promise<VolumeReport> {
  const { client } = session;
  const { logs } = client.tree;
  const { entries, bytes } = logs.state(volume);
  const mount = await mountOf(session, volume);
  const obstacle = client.reintegrator.isRunning(volume) ? 'sending' : client.reintegrator.obstacle(volume);
  return {
    volume,
    name: client.knownLocation(volume)?.name ?? String(volume),
    realm: client.realm.name,
    ...(mount === undefined ? {} : { mount }),
    connection: await connectionOf(session, volume),
    entries,
    bytes,
    age: client.settings.get(volume).age,
    conflict: logs.hasConflict(volume),
    ...(entries === 0 || obstacle === undefined ? {} : { obstacle }),
  };
}

async function connectionOf({ client }: UserSession, volume: number): Promise<VolumeReport['connection']> {
  const replicas = client.knownLocation(volume)?.replicas ?? [];
  const isUp = client.realm.servers.some(
    ({ name, isUp: answers }) => answers && replicas.some(({ server }) => server === name),
  );
  if (!isUp) return 'unreachable';
  // Only servers of one volume can differ.
  if (replicas.length === 1) return 'reachable';
  const group = await client.serverOf(volume);
  return group instanceof StorageGroup && group.isResolving ? 'resolving' : 'reachable';
}

function toJson({ name, realm, mount, ...report }: VolumeReport): object {
  return {
    ...report,
    name: toJsonName(name),
    realm: toJsonName(realm),
    ...(mount === undefined ? {} : { mount: toJsonName(mount) }),
  };
}
