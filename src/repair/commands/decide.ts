/** What is to become of local mutations: one after the other, or all that are left. */
import type { Performed } from '../backend.ts';
import type { CommandDefinition, Outcome } from '../commandDefinition.ts';
import type { RepairRun } from '../repairRun.ts';
import { ALL_PROCESSED, countOf, mutationText, verdictText } from '../texts.ts';

export const preserveLocal: CommandDefinition = {
  name: 'preserveLocal',
  aliases: [],
  summary: 'perform the current local mutation on the global version',
  help: [
    'Goes on to the next mutation if it can be performed. If something is in its way, it says what, and nothing changes: move that away below "global" first, or use discardLocal.',
  ],
  arguments: [],
  onInterrupt: 'end the session',
  run: async (run) => say(run, await run.session.preserve()),
};

export const discardLocal: CommandDefinition = {
  name: 'discardLocal',
  aliases: [],
  summary: 'leave the current local mutation out',
  help: [
    'The servers will not hear of it. Goes on to the next mutation; undo takes it back. Those that build on it, as the store of a file whose create was left out, are in conflict then.',
  ],
  arguments: [],
  onInterrupt: 'end the session',
  run: async (run) => say(run, await run.session.discard()),
};

export const skip: CommandDefinition = {
  name: 'skip',
  aliases: [],
  summary: 'go on to the next local mutation without a decision',
  help: ['It stays in the modify log when the session is committed, and the object stays in conflict.'],
  arguments: [],
  onInterrupt: 'end the session',
  run: async (run) => say(run, await run.session.skip()),
};

export const undo: CommandDefinition = {
  name: 'undo',
  aliases: [],
  summary: 'take the last decision back',
  help: ['What it did below "global" is undone, and its mutation is the current one again.'],
  arguments: [],
  onInterrupt: 'end the session',
  async run(run) {
    const { current } = await run.session.document();
    const mutation = await run.session.undo();
    if (current === 0 || mutation === undefined) {
      run.conversation.print('nothing to undo\n');
      return 'failed';
    }
    run.conversation.print(
      `current local mutation is again ${mutationText({ object: run.object }, 'local', mutation)}\n`,
    );
    return 'done';
  },
};

export const preserveAllLocal: CommandDefinition = {
  name: 'preserveAllLocal',
  aliases: [],
  summary: 'perform all local mutations that are left, up to the first in conflict',
  help: [
    'Stops at the first mutation that cannot be performed, and says why. ^C ends it between two mutations.',
  ],
  arguments: [],
  onInterrupt: 'stop between two mutations',
  run: (run, _words, signal) => all(run, signal, () => run.session.preserve(), 'preserved'),
};

export const discardAllLocal: CommandDefinition = {
  name: 'discardAllLocal',
  aliases: [],
  summary: 'leave out all local mutations that are left',
  help: ['The result is what the servers have, with what was decided before. undo takes back one at a time.'],
  arguments: [],
  onInterrupt: 'stop between two mutations',
  run: (run, _words, signal) => all(run, signal, () => run.session.discard(), 'discarded'),
};

function say(run: RepairRun, performed: Performed): Outcome {
  const shown = { object: run.object };
  if (performed.kind === 'nothing left') {
    run.conversation.print(`${ALL_PROCESSED}\n`);
    return 'done';
  }
  const { mutation } = performed;
  if (performed.kind === 'refused') {
    run.conversation.print(
      `${mutationText(shown, 'global', mutation)} failed\n${verdictText(shown, performed.verdict)}\n`,
    );
    return 'failed';
  }
  const lines = {
    preserved: `${mutationText(shown, 'global', mutation)} succeeded`,
    discarded: `discard local mutation ${mutationText(shown, 'local', mutation)}`,
    skipped: `skip local mutation ${mutationText(shown, 'local', mutation)}`,
  };
  run.conversation.print(`${lines[performed.decision]}\n`);
  return 'done';
}

async function all(
  run: RepairRun,
  signal: AbortSignal,
  decide: () => Promise<Performed>,
  done: string,
): Promise<Outcome> {
  for (let count = 0; ; count++) {
    if (signal.aborted) {
      run.conversation.print(`interrupted, ${countOf(count, 'local mutation')} ${done}\n`);
      return 'failed';
    }
    const performed = await decide();
    if (performed.kind === 'nothing left') {
      run.conversation.print(`${ALL_PROCESSED}\n`);
      return 'done';
    }
    const outcome = say(run, performed);
    if (outcome !== 'done') return outcome;
  }
}
