/**
 * Repairs a directory until it is normal. Servers judge all operations by what there is before the first one, so that what takes
 * the place of something removed can only be made in a further cycle (spec/repair.md, 13 and 19.3).
 */
import { errnoText } from '../../ipc/errno.ts';
import { printable } from '../../term/printable.ts';
import type { ReplicaOutcome, ServerSession, Settled } from '../backend.ts';
import type { Conversation } from '../conversation.ts';
import { type Comparison, compareReplicas } from './compare.ts';
import { formatFixBinary } from '../../ipc/fixFile/fixBinary.ts';
import { checkAgainstReplicas, checkFixFile, type KnownPlaces } from './fixCheck.ts';
import type { FixFile } from '../../ipc/fixFile/fixFile.ts';
import { formatFixText } from './fixText.ts';
import { type Save, saveRemoved } from './saving.ts';

export const MAX_CYCLES = 8;

/** What is to be sent, and what has been seen of other directories. */
export interface Proposed {
  readonly fixFile: FixFile;
  readonly known: KnownPlaces;
}

/** Decides about what is left after a cycle, which a server may have refused. Undefined at the end of the input. */
export type NextProposal = (
  comparison: Comparison,
  wasRefused: boolean,
) => Promise<Proposed | undefined> | Proposed;

export type Ended = Settled | 'end of input';

/**
 * Sends a fix file, and those that are needed after it. What they remove is saved before.
 * @param file its name, for errors
 * @throws FixFileError before anything is sent; VenusError
 */
export async function repairUntilNormal(
  session: ServerSession,
  file: string,
  first: Proposed,
  next: NextProposal,
  { conversation, save }: { readonly conversation: Conversation; readonly save: Save },
): Promise<Ended> {
  let proposed = first;
  for (let cycle = 1; ; cycle++) {
    checkFixFile(proposed.fixFile, file, session.object);
    await checkAgainstReplicas(proposed.fixFile, file, session, proposed.known);
    await saveRemoved(session, proposed.fixFile, save);
    const outcomes = await session.repair({ kind: 'fix file', bytes: formatFixBinary(proposed.fixFile) });
    const isDone = await tellOutcomes(session, outcomes, conversation);
    const settled = await session.settle();
    if (settled !== 'in conflict' || cycle === MAX_CYCLES) return settled;
    const comparison = await compareReplicas(session);
    const following = await next(comparison, !isDone);
    if (!following) return 'end of input';
    // What did not help once does not help again.
    if (isSame(following.fixFile, proposed.fixFile)) return 'in conflict';
    conversation.note(`cycle ${cycle + 1}: what is left is repaired\n`);
    proposed = following;
  }
}

function isSame(one: FixFile, other: FixFile): boolean {
  return Buffer.compare(formatFixText(one), formatFixText(other)) === 0;
}

/** Tells what each server made of a repair; what succeeded is no news. @returns whether all did it */
export async function tellOutcomes(
  session: ServerSession,
  outcomes: readonly ReplicaOutcome[],
  conversation: Conversation,
): Promise<boolean> {
  let hasFailed = false;
  for (const { server, volume, versionVector } of await session.replicas()) {
    if (versionVector === undefined) continue;
    const shown = printable(server);
    const outcome = outcomes.find((each) => each.volume === volume);
    hasFailed ||= outcome === undefined || outcome.code !== 0;
    if (!outcome)
      conversation.print(
        `No return code for actions performed on ${shown}! (vid ${volume.toString(16).padStart(8, '0')})\n`,
      );
    else if (outcome.code === 0) conversation.note(`Repair actions performed on ${shown} have succeeded.\n`);
    else
      conversation.print(
        `Repair actions performed on ${shown} have failed (${outcome.code}: ${errnoText(outcome.code)}).\n` +
          'Possible causes: disconnection, lack of authentication, lack of server space\n' +
          'Fix file contains operations that are in conflict against the server replica.\n',
      );
  }
  return !hasFailed;
}
