/** Beginning and ending a session. */
import { printable } from '../../term/printable.ts';
import type { CommandDefinition, Outcome } from '../commandDefinition.ts';
import { askYesNo } from '../conversation.ts';
import type { RepairRun } from '../repairRun.ts';
import { type CommandName, refusalOf } from '../stateTable.ts';
import {
  COMMIT_QUESTION,
  OBJECT_QUESTION,
  countOf,
  localSessionBegun,
  mutationText,
  verdictText,
} from '../texts.ts';
import { serverSessionBegun } from '../replicas/replicaTexts.ts';

/** Those that settle a local/global conflict; the others help to look. */
const toRepairLocal: readonly CommandName[] = [
  'checkLocal',
  'listLocal',
  'preserveLocal',
  'preserveAllLocal',
  'discardLocal',
  'discardAllLocal',
  'quit',
];
/** Those that settle a server/server conflict. */
const toRepairServers: readonly CommandName[] = ['compareDirs', 'replaceInc', 'removeInc', 'doRepair'];

export const beginRepair: CommandDefinition = {
  name: 'beginRepair',
  aliases: [],
  summary: 'begin a session: show an object in conflict as a directory of its versions',
  help: [
    'While the session lasts, OBJECT is a directory: "local" has the versions of this client and cannot be changed, "global" has those of the servers. What you want to keep is made below "global", by the commands of the session or with any other tool. Nothing is sent before the end.',
    'Where the servers differ among each other, the directory has a child for each server, which cannot be changed: compareDirs and doRepair, or replaceInc for a file, make them the same.',
    'An object whose session was never ended is found as it was left: you are asked whether to go on with it.',
  ],
  arguments: [{ name: 'OBJECT', question: OBJECT_QUESTION }],
  onInterrupt: 'end the session',
  async run(run, [object = '']) {
    await run.begin(object);
    if (run.state !== 'stale') {
      run.conversation.print(begunText(run));
      return 'done';
    }
    return askForResumption(run);
  },
};

function begunText(run: RepairRun): string {
  const isLegal = (name: CommandName): boolean => refusalOf(run.state, name) === undefined;
  if (!run.isOfServers) return localSessionBegun(toRepairLocal.filter(isLegal));
  // A fix file is how a directory is repaired; for a file the same word means replaceInc.
  const useless = run.begun.type === 'file' ? 'doRepair' : 'replaceInc';
  return serverSessionBegun(toRepairServers.filter((name) => isLegal(name) && name !== useless));
}

async function askForResumption(run: RepairRun): Promise<Outcome> {
  const { mutations, current } = run.begun;
  const { conversation } = run;
  const processed = run.isOfServers
    ? ''
    : `, with ${current} of ${countOf(mutations.length, 'local mutation')} processed`;
  conversation.print(
    `${printable(run.object)} was found expanded: a session that nobody ended${processed}\n`,
  );
  if (!conversation.answers) return 'done';
  const goesOn = await askYesNo(conversation, 'go on with it?  [yes] ', true);
  if (goesOn === undefined) return 'end';
  return goesOn
    ? resume.run(run, [], new AbortController().signal)
    : abort.run(run, [], new AbortController().signal);
}

export const resume: CommandDefinition = {
  name: 'resume',
  aliases: [],
  summary: 'go on with a session that was found',
  help: ['For an object that begin found expanded already. What was decided before still holds.'],
  arguments: [],
  onInterrupt: 'end the session',
  run(run) {
    run.resume();
    run.conversation.print(begunText(run));
    return Promise.resolve('done');
  },
};

export const abort: CommandDefinition = {
  name: 'abort',
  aliases: [],
  summary: 'end the session and leave everything as it was before it',
  help: [
    'The object shows as a conflict again. All decisions of the session, and all that was made below "global" in it, are dropped.',
  ],
  arguments: [],
  onInterrupt: 'end the session',
  async run(run) {
    if (run.isOfServers) {
      await run.abort();
      run.conversation.print('the repair session is ended, what was repaired stays so\n');
      return 'done';
    }
    const { canAbort } = run.session;
    await run.abort();
    run.conversation.print(
      canAbort
        ? 'the repair session is aborted, everything is as it was before\n'
        : 'the repair session is interrupted, beginRepair goes on with it\n',
    );
    return 'done';
  },
};

const endHelp = [
  'Asks whether to commit. "yes": the servers get the result, and the decided mutations leave the modify log. "no": everything is as it was before the session. The end of the input counts as "no".',
  'If the servers have something newer by then, nothing is sent and the session goes on.',
  'Mutations without a decision stay in the modify log, and the object stays in conflict.',
  'Where the servers differ among each other nothing is asked, as doRepair takes effect at once.',
];

export const endRepair: CommandDefinition = {
  name: 'endRepair',
  aliases: [],
  summary: 'end the session, after asking whether to commit it',
  help: endHelp,
  arguments: [],
  onInterrupt: 'end the session',
  run: endSession,
};

export const quit: CommandDefinition = {
  name: 'quit',
  aliases: ['exit'],
  summary: 'end the session as endRepair does, and leave repair',
  help: endHelp,
  arguments: [],
  onInterrupt: 'end the session',
  async run(run) {
    if (run.state === 'stale' || run.state === 'idle') return 'end';
    const outcome = await endSession(run);
    return outcome === 'done' ? 'end' : outcome;
  },
};

async function endSession(run: RepairRun): Promise<Outcome> {
  const { conversation } = run;
  if (run.isOfServers) {
    // Each repair took effect when it was done: there is nothing to commit.
    await run.abort();
    conversation.print('Repair session completed.\n');
    return 'done';
  }
  await warnOfUndecided(run);
  const commits = conversation.answers ? await askYesNo(conversation, COMMIT_QUESTION, true) : true;
  if (commits === undefined) return 'end';
  if (!commits) return abort.run(run, [], new AbortController().signal);
  const shown = { object: run.object };
  const committed = await run.commit();
  if (committed.kind === 'done') return 'done';
  const { mutation, verdict } = committed;
  conversation.print(
    run.session.canAbort
      ? 'nothing was committed: the servers have something newer\n'
      : 'only a part was committed: the servers have something newer, so decide about the rest again\n',
  );
  if (mutation) conversation.print(`local mutation: ${mutationText(shown, 'local', mutation)}\n`);
  conversation.print(`${verdictText(shown, verdict)}\n`);
  return 'failed';
}

async function warnOfUndecided(run: RepairRun): Promise<void> {
  const { mutations } = await run.session.document();
  const open = mutations.filter(({ decision }) => decision === undefined || decision === 'skipped').length;
  if (open === 0) return;
  const stay = open === 1 ? 'stays' : 'stay';
  run.conversation.print(
    `${countOf(open, 'local mutation')} without a decision ${stay} in the modify log, and the object stays in conflict\n`,
  );
}
