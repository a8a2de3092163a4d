import { randomInt } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { RepairAction, type RepairRequest, repairCommand } from '../../ipc/calls/repairCommand.ts';
import type { Fid } from '../../ipc/fid.ts';
import { encodeText } from '../../ipc/text.ts';
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
import { systemCode } from '../../disk/systemCode.ts';

/** Bytes written at a time. */
const CHUNK = 64 * 1024;

/** Of names made as mkstemp does. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

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
      return writeListing(session, volume);
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

/** The log as a file, which the caller reads and removes; a part of it is not left behind. @returns its name */
async function writeListing(session: UserSession, volume: number): Promise<string> {
  const mount = await mountPathOf(session, volume);
  const { name, file } = await newListing();
  try {
    await writeLines(file, session, volume, mount);
  } catch (error) {
    await fs.rm(name, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return name;
}

/** A file of our own with a name of the classic form, which ends in six letters or digits. */
async function newListing(): Promise<{ readonly name: string; readonly file: fs.FileHandle }> {
  for (;;) {
    const name = `/tmp/listlocal-${Array.from({ length: 6 }, () => DIGITS.charAt(randomInt(DIGITS.length))).join('')}`;
    try {
      return { name, file: await fs.open(name, 'wx', 0o600) };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
}

async function writeLines(
  file: fs.FileHandle,
  session: UserSession,
  volume: number,
  mount: string,
): Promise<void> {
  let [text, count, after]: [string, number, number | undefined] = ['', 0, undefined];
  for (;;) {
    const records = session.client.tree.logs.page(volume, after);
    for (const record of records) text += `${formatCmlLine(toCmlLine(record, mount))}\n`;
    count += records.length;
    after = records.at(-1)?.sequence;
    if (after === undefined) break;
    if (text.length < CHUNK) continue;
    await file.writeFile(encodeText(text));
    text = '';
  }
  const { name: volumeName } = await session.client.locate(volume);
  text += `${count} entries total in the modify log for volume ${volumeName}\n`;
  await file.writeFile(encodeText(text));
}
