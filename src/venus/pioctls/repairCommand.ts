import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { RepairAction, repairCommand } from '../../ipc/calls/repairCommand.ts';
import { encodeText } from '../../ipc/text.ts';
import { formatCmlLine } from '../../cml/cmlText.ts';
import { errnoText } from '../../ipc/errno.ts';
import { toCmlLine } from '../client/log/cmlLines.ts';
import { mountPathOf } from '../client/naming.ts';
import { volumeOf } from '../client/place.ts';
import type { UserSession } from '../client/userSession.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

/** Bytes written at a time. */
const CHUNK = 64 * 1024;

/** Looks at the log of a volume (spec/cml.md, 2.4). */
export const repairCommandHandler = handler(repairCommand, async ({ session }, path, { action }) => {
  const volume = volumeOf(await path.place());
  if (action === RepairAction.List) return writeListing(session, volume);
  if (action === RepairAction.CheckFirst) return checkFirst(session, volume);
  return fail('EOPNOTSUPP', 'The embedded venus does not repair conflicts yet.');
});

/** The log as a file, which the caller reads and removes. @returns its name */
async function writeListing(session: UserSession, volume: number): Promise<string> {
  const mount = await mountPathOf(session, volume);
  const name = `/tmp/listlocal-${randomBytes(3).toString('hex')}`;
  const file = await fs.open(name, 'wx', 0o600);
  try {
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
  } finally {
    await file.close();
  }
  return name;
}

async function checkFirst(session: UserSession, volume: number): Promise<string> {
  const head = session.client.tree.logs.head(volume);
  if (!head) return 'no local mutations';
  const line = formatCmlLine(toCmlLine(head, await mountPathOf(session, volume)));
  const { conflict } = head;
  const finding = conflict ? `conflict: ${conflict.why ?? errnoText(conflict.errno)}` : 'no conflict';
  return `local mutation: ${line}\n${finding}`;
}
