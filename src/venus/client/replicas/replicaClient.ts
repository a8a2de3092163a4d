import { join } from 'node:path';
import * as fs from 'node:fs/promises';
import { fail } from '../../fail.ts';
import type { Remote } from '../../net/link.ts';
import type { RealmProtocol, VolumeLocation } from '../../net/realmProtocol.ts';
import { CacheManager } from '../cacheManager.ts';

/**
 * A client that knows one server of a volume only, and shows what that one has, in conflict or not. What it fetches is
 * thrown away with it.
 */
export async function openReplicaClient(main: CacheManager, server: string): Promise<CacheManager> {
  const directory = replicaDirectory(main, server);
  await fs.rm(directory, { recursive: true, force: true });
  const { name, realm, now } = main;
  const only = realm.servers.find((each) => each.name === server) ?? fail('ETIMEDOUT');
  return CacheManager.open({
    name,
    directory,
    realm: {
      name: realm.name,
      realm: onOneServer(realm.realm, server),
      servers: [{ ...only.description, link: only }],
      isolate: realm.isolate,
    },
    now,
    capacity: Infinity,
    tokens: main.tokens,
    replica: server,
  });
}

export async function closeReplicaClient(
  main: CacheManager,
  client: CacheManager,
  server: string,
): Promise<void> {
  await client.close();
  await fs.rm(replicaDirectory(main, server), { recursive: true, force: true });
}

function replicaDirectory({ directory }: CacheManager, server: string): string {
  return join(directory, 'replicas', server);
}

/** The realm, as if its volumes were on one server each. */
function onOneServer(realm: Remote<RealmProtocol>, server: string): Remote<RealmProtocol> {
  const narrowed = (location: VolumeLocation): VolumeLocation | undefined => {
    const replicas = location.replicas.filter((replica) => replica.server === server);
    return replicas.length === 0 ? undefined : { ...location, replicas };
  };
  return {
    async call(name, request) {
      const reply = await realm.call(name, request);
      // Nothing but the answer to a question about a location has one.
      if (isLocated(reply) && reply.location) Object.assign(reply, { location: narrowed(reply.location) });
      return reply;
    },
  };
}

function isLocated(
  reply: RealmProtocol[keyof RealmProtocol]['reply'],
): reply is RealmProtocol['locateVolume']['reply'] {
  return reply !== null && 'location' in reply;
}
