import { errno } from '../../../ipc/errno.ts';
import { VenusError } from '../../../ipc/errors.ts';
import type { RepairSource, ReplicaCode } from '../../../ipc/calls/repairObject.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { type StoreId, largestCounters } from '../../../ipc/versionVector.ts';
import { fail } from '../../fail.ts';
import { noAnswer } from '../../net/failure.ts';
import type { ObjectStatus } from '../../net/fileProtocol.ts';
import { isInconsistent } from '../../tree/version.ts';
import type { UserSession } from '../userSession.ts';
import { type GroupMember, poll } from '../vsg/poll.ts';
import { StorageGroup } from '../vsg/storageGroup.ts';
import { type NewFile, codaFile, localFile, localFixFile } from './repairSource.ts';
import { replicaOf } from './replicaNames.ts';

/** Failures that say less than others, in this order: what is left when they are set aside is told (spec/repair.md, 12). */
const LESSER = ['ETIMEDOUT', 'EINVAL', 'ENXIO', 'EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EAGAIN'] as const;

/** What each server is to do. */
type Repair = (member: GroupMember, common: Common) => Promise<void>;

interface Common {
  readonly storeId: StoreId;
  readonly template: readonly number[];
  readonly time: number;
}

/**
 * Repairs an object in conflict at all of its servers that can be reached (spec/repair.md, 12), and has them resolved.
 * @returns what became of it at each
 * @throws VenusError EOPNOTSUPP, EINVAL; what the servers refuse, if all do
 */
export async function repairReplicas(
  session: UserSession,
  fid: Fid,
  source: RepairSource,
): Promise<readonly ReplicaCode[]> {
  const { client } = session;
  const group = await client.serverOf(fid.volume);
  if (!(group instanceof StorageGroup)) return fail('EOPNOTSUPP', 'Its volume is on one server only.');
  const credentials = session.credentials();
  const { answers } = await poll(group.members, 'getStatus', () => ({ credentials, fid }));
  const [status] = answers.map(({ reply }) => reply);
  if (!status) throw noAnswer();
  if (!answers.some(({ reply }) => isInconsistent(reply))) fail('EINVAL', 'It is not in conflict.');
  const common = {
    storeId: await session.pastTheLog(),
    template: largestCounters(answers.map(({ reply }) => reply.versionVector)),
    time: client.now(),
  };
  const { replicas } = await client.locate(fid.volume);
  const repair = await repairFor(
    session,
    status,
    source,
    replicas.map(({ volume }) => volume),
  );
  const codes = new Map<number, number>();
  await Promise.all(
    group.members.map(async (member) => {
      codes.set(member.site, await codeOf(repair(member, common)));
    }),
  );
  const sites = [...codes].flatMap(([site, code]) => (code === 0 ? [site] : []));
  if (sites.length === 0) throw new VenusError(commonFailure([...codes.values()]));
  await poll(
    group.members.filter(({ site }) => sites.includes(site)),
    'concludeUpdates',
    () => ({
      volume: fid.volume,
      storeIds: [common.storeId],
      sites,
    }),
  );
  await group.resolve();
  client.tree.cache.validity.break([fid]);
  return replicas.map(({ volume }, site) => ({ volume, code: codes.get(site) ?? errno('ETIMEDOUT') }));
}

async function repairFor(
  session: UserSession,
  { fid, type }: ObjectStatus,
  source: RepairSource,
  replicas: readonly number[],
): Promise<Repair> {
  const credentials = session.credentials();
  if (type === 'directory') {
    if (source.kind !== 'local')
      return fail('EINVAL', 'A directory is repaired by a fix file on this machine.');
    const sections = await localFixFile(source.path);
    checkSections(
      sections.map(({ volume }) => volume),
      replicas,
    );
    return async ({ site, server }, common) => {
      const section = sections.find(({ volume }) => volume === replicas[site]);
      const operations = section?.steps.map(({ operation }) => operation) ?? [];
      await server.call('repairReplica', {
        credentials,
        fid,
        ...common,
        source: { kind: 'directory', operations },
      });
    };
  }
  const file = await newFile(session, source);
  const { viceId } = session.asker();
  return async ({ server }, common) => {
    const { handle } = await server.call('openStore', { fid });
    for await (const bytes of file.contents()) await server.call('storeFragment', { handle, bytes });
    await server.call('finishStore', { handle });
    const { owner = viceId, mode, modified } = file;
    const contents = { kind: 'file', handle, owner, mode, modified } as const;
    await server.call('repairReplica', { credentials, fid, ...common, source: contents });
  };
}

async function newFile(session: UserSession, source: RepairSource): Promise<NewFile> {
  if (source.kind === 'local') return localFile(source.path);
  if (source.realm !== session.realm) return fail('EINVAL', 'It is in another realm.');
  const replica = replicaOf(session, source.fid.volume);
  const server = replica?.server ?? (await session.client.serverOf(source.fid.volume));
  const fid = { ...source.fid, volume: replica?.volume ?? source.fid.volume };
  return codaFile(server, session.credentials(), fid);
}

/** @throws VenusError EINVAL for two sections of one replica, and for one of what is no replica of the volume */
function checkSections(volumes: readonly number[], replicas: readonly number[]): void {
  if (new Set(volumes).size < volumes.length)
    fail('EINVAL', 'The fix file has two sections for one replica.');
  if (volumes.some((volume) => !replicas.includes(volume)))
    fail('EINVAL', 'The fix file has a section for what is no replica of the volume.');
}

async function codeOf(repair: Promise<void>): Promise<number> {
  try {
    await repair;
    return 0;
  } catch (error) {
    if (!(error instanceof VenusError)) throw error;
    return error.is('ENXIO') ? errno('ETIMEDOUT') : error.errno;
  }
}

function commonFailure(codes: readonly number[]): number {
  let left = [...new Set(codes)];
  for (const name of LESSER) if (left.length > 1) left = left.filter((code) => code !== errno(name));
  return left.length === 1 ? (left[0] ?? errno('EAGAIN')) : errno('EAGAIN');
}
