import { ConnectionState, type VolumeReport, getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { isErrno } from '../../ipc/errors.ts';
import { type VolumeStatus, VolumeType } from '../../ipc/volumeStatus.ts';
import type { CacheManager } from '../client/cacheManager.ts';
import { ROOT_VOLUME_NAME, rootFid, volumeOf } from '../client/place.ts';
import type { UserSession } from '../client/userSession.ts';
import type { VolumeAnswer } from '../net/fileProtocol.ts';
import { StorageGroup, type VolumeServer } from '../client/vsg/storageGroup.ts';
import { handler } from './handler.ts';

/** What venus can say without asking a server: most is zero (spec/cfs.md, 8.2). */
function ownStatus(volume: number, type: number): VolumeStatus {
  return {
    volume,
    type,
    inService: 1,
    blessed: 1,
    parent: 0,
    online: 0,
    needsSalvage: 0,
    minQuota: 0,
    maxQuota: 0,
    blocksUsed: 0,
    partitionBlocksAvailable: 0,
    partitionBlocks: 0,
    unused: 0,
  };
}

/** What waits in the modify log of a volume. */
function logOf({ tree, settings }: CacheManager, volume: number) {
  const { entries, bytes } = tree.logs.state(volume);
  const { age, timeLimit } = settings.get(volume);
  return {
    conflict: tree.logs.hasConflict(volume),
    logEntries: entries,
    reintegrationAge: age,
    reintegrationTime: timeLimit,
    logBytes: BigInt(bytes),
  };
}

/** The Coda root has none. */
const noLog = { conflict: false, logEntries: 0, reintegrationAge: 0, reintegrationTime: 0, logBytes: 0n };

export const getVolumeStatusHandler = handler(getVolumeStatus, async ({ session }, path, localOnly) => {
  const place = await path.place();
  if (place.kind === 'root') {
    const own = ownStatus(rootFid.volume, VolumeType.Backup);
    return report(ROOT_VOLUME_NAME, ConnectionState.Reachable, own, noLog);
  }
  const volume = volumeOf(place);
  const { name } = await session.client.locate(volume);
  const own = ownStatus(volume, VolumeType.Replicated);
  const log = logOf(session.client, volume);
  const server = await session.client.serverOf(volume);
  const reached = isResolving(server) ? ConnectionState.Resolving : ConnectionState.Reachable;
  if (localOnly) return report(name, server.isUp ? reached : ConnectionState.Unreachable, own, log);
  const answer = await askServer(session, volume);
  if (!answer) return report(name, ConnectionState.Unreachable, own, log);
  return { ...report(name, reached, answer.status, log), ...messagesOf(answer) };
});

function isResolving(server: VolumeServer): boolean {
  return server instanceof StorageGroup && server.isResolving;
}

async function askServer(session: UserSession, volume: number): Promise<VolumeAnswer | undefined> {
  try {
    const server = await session.client.serverOf(volume);
    return await server.call('getVolumeStatus', { credentials: session.credentials(), volume });
  } catch (error) {
    if (isErrno(error, 'ETIMEDOUT')) return undefined;
    throw error;
  }
}

function report(
  name: string,
  connection: number,
  status: VolumeStatus,
  log: ReturnType<typeof logOf>,
): VolumeReport {
  return { name, connection, status, ...log, offlineMessage: '', messageOfTheDay: '' };
}

function messagesOf({ offlineMessage, messageOfTheDay }: VolumeAnswer) {
  return { offlineMessage, messageOfTheDay };
}
