import { RepairAction, type RepairRequest, repairCommand } from '../../ipc/calls/repairCommand.ts';
import type { Fid } from '../../ipc/fid.ts';
import { formatCmlLine } from '../../cml/cmlText.ts';
import { toCmlLine } from '../client/log/cmlLines.ts';
import { mountPathOf } from '../client/naming.ts';
import { volumeOf } from '../client/place.ts';
import { HeadRecord } from '../client/repair/headRecord.ts';
import type { Repair } from '../client/repair/repair.ts';
import { recordsBelow } from '../client/repair/subtree.ts';
import { isInConflictAmongServers } from '../client/replicas/amongServers.ts';
import type { UserSession } from '../client/userSession.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';
import { writeListing } from './listing.ts';

const NOT_NEEDED = 'no action performed\n';

/** Looks at the log of a volume and settles what is in conflict in it (spec/cml.md, 2.4; spec/repair.md, 4). */
export const repairCommandHandler = handler(repairCommand, async ({ session }, path, request) => {
  const place = await path.place();
  if (place.kind === 'expanded' && request.action <= RepairAction.End)
    return place.expanded.kind === 'server/server'
      ? ofReplicas(session, place.expanded.fid, request)
      : ofSession(session, place.expanded, request);
  // The directory of versions is in no volume that has a log.
  if (place.kind === 'expanded' && session.client.realConflicts) return fail('EOPNOTSUPP');
  const volume = volumeOf(place);
  const head = new HeadRecord(session, volume);
  switch (request.action) {
    case RepairAction.Begin:
      return NOT_IN_CONFLICT;
    case RepairAction.End:
      return NOT_NEEDED;
    case RepairAction.CheckFirst:
      return head.check();
    case RepairAction.PreserveFirst:
      return head.preserve();
    case RepairAction.PreserveAll:
      return head.preserveAll();
    case RepairAction.DiscardFirst:
      return head.discard();
    case RepairAction.List:
      return writeListing('listlocal', logLines(session, volume));
    default:
      return fail('EOPNOTSUPP');
  }
});

/** The kinds of conflicts by their numbers on the wire (spec/repair.md, 4). */
const [LOCAL_GLOBAL, SERVER_SERVER, MIXED, NOT_IN_CONFLICT] = ['1', '2', '3', '-1'];

/** What kind of conflict an object is in whose servers' versions are shown; there is nothing to end. */
async function ofReplicas(session: UserSession, fid: Fid, { action }: RepairRequest): Promise<string> {
  if (action !== RepairAction.Begin) return NOT_NEEDED;
  const { tree } = session.client;
  const vnode = tree.cache.vnodes.find(fid);
  if (!vnode || !(await isInConflictAmongServers(session, vnode))) return NOT_IN_CONFLICT;
  return recordsBelow(tree, fid).some(({ conflict }) => conflict) ? MIXED : SERVER_SERVER;
}

/** What an expanded object is told: what kind of conflict it is, and whether to commit. */
async function ofSession(session: UserSession, repair: Repair, { action, argument }: RepairRequest) {
  if (action === RepairAction.Begin) return LOCAL_GLOBAL;
  if (session.client.realConflicts) return fail('EOPNOTSUPP');
  if (argument !== 1) return NOT_NEEDED;
  if (repair.uid !== session.uid) fail('EACCES', `Uid ${repair.uid} repairs it.`);
  const ended = await repair.commit();
  if (ended.kind === 'overtaken') fail('EBUSY', 'The servers have something newer by now; nothing was sent.');
  return `${ended.performed} performed, ${ended.discarded} discarded\n`;
}

/** The log of a volume as text: a line for each record, and one that counts them. */
async function* logLines(session: UserSession, volume: number): AsyncGenerator<string> {
  const mount = await mountPathOf(session, volume);
  let [count, after]: [number, number | undefined] = [0, undefined];
  for (;;) {
    const records = session.client.tree.logs.page(volume, after);
    yield records.map((record) => `${formatCmlLine(toCmlLine(record, mount))}\n`).join('');
    count += records.length;
    after = records.at(-1)?.sequence;
    if (after === undefined) break;
  }
  const { name } = await session.client.locate(volume);
  yield `${count} entries total in the modify log for volume ${name}\n`;
}
