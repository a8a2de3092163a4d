/** Comparing what the servers have of a directory, and repairing it by a fix file. */
import { parseRights } from '../../acl/rights.ts';
import { printable } from '../../term/printable.ts';
import type { ServerSession } from '../backend.ts';
import type { CommandDefinition, Outcome } from '../commandDefinition.ts';
import { askYesNo } from '../conversation.ts';
import type { RepairRun } from '../repairRun.ts';
import { type Comparison, compareReplicas } from '../replicas/compare.ts';
import { type Ended, type Proposed, repairUntilNormal } from '../replicas/cycles.ts';
import { type Decisions, keepHere } from '../replicas/decisions.ts';
import { askAbout } from '../replicas/dialogue.ts';
import { checkFixFile } from '../replicas/fixCheck.ts';
import { MAX_MODE, MAX_OWNER } from '../../ipc/fixFile/fixFile.ts';
import { formatFixText, parseFixText } from '../replicas/fixText.ts';
import { codaTest, outsideCoda, readFixFile, writeFixFile } from '../replicas/localFile.ts';
import { type Plan, planFor } from '../replicas/plan.ts';
import {
  APPLIED_FIX_FILE,
  type Naming,
  OBJECT_TO_COMPARE,
  ONLY_VERSION,
  WRITTEN_FIX_FILE,
  sentenceFor,
  silentText,
} from '../replicas/replicaTexts.ts';
import { OBJECT_QUESTION } from '../texts.ts';
import { LineError } from '../words.ts';
import { replaceFile } from './inconsistency.ts';

export const compareDirs: CommandDefinition = {
  name: 'compareDirs',
  aliases: ['compareDir'],
  summary: 'compare the replicas of a directory, and write what makes them the same to a fix file',
  help: [
    'Each difference is explained, and you are asked about those that only you can decide: what you just confirm with Return keeps everything that anybody wrote. FIXFILE is text, a section for each server; it can be edited before doRepair applies it. The names stdout and stderr stand for those.',
    '-acl USER RIGHTS, -owner UID and -mode MODE (octal) say what all replicas get where they differ.',
  ],
  arguments: [{ name: 'FIXFILE' }, { name: '[-acl USER RIGHTS] [-owner UID] [-mode MODE]' }],
  takesMore: true,
  onInterrupt: 'stop between two mutations',
  async run(run, words, signal) {
    const { names, apply } = optionsOf(words);
    const named = await askForNames(run, names, {
      object: (preset) => `${OBJECT_TO_COMPARE} [${preset}] `,
      file: (preset) => `${WRITTEN_FIX_FILE}  [${preset}] `,
    });
    if (!named) return 'end';
    const isInCoda = codaTest((path) => run.workplace.toVenusPath(path));
    const path = isStream(named.file) ? named.file : await outsideCoda(named.file, isInCoda);
    const comparison = await compareReplicas(run.replicas, signal);
    run.decisions.clear();
    apply(run.decisions);
    const plan = await decide(run, comparison);
    if (!plan) return 'end';
    checkFixFile(plan.fixFile, 'The comparison', comparison.object);
    await write(run, path, plan);
    if (!isStream(path))
      run.conversation.print(`Operations to resolve conflicts are in ${printable(named.file)}\n`);
    return 'done';
  },
};

function isStream(file: string): file is 'stdout' | 'stderr' {
  return file === 'stdout' || file === 'stderr';
}

async function write(run: RepairRun, path: string, { fixFile, known }: Plan): Promise<void> {
  const contents = formatFixText(fixFile);
  if (path === 'stdout') run.conversation.printBytes(contents);
  else if (path === 'stderr') run.conversation.note(Buffer.from(contents).toString());
  else {
    await writeFixFile(path, contents);
    run.fixFile = path;
  }
  run.known = known;
}

/** What is to be done about the differences; undefined at the end of the input. */
async function decide(run: RepairRun, comparison: Comparison): Promise<Plan | undefined> {
  const { conversation } = run;
  conversation.note(silentText(comparison.silent));
  const naming = namingOf(run);
  if ((await askAbout(comparison, run.decisions, conversation, naming)) === 'end of input') return undefined;
  if (comparison.differences.some(({ kind }) => kind === 'version')) conversation.print(ONLY_VERSION);
  if (comparison.differences.length === 0)
    conversation.note('The replicas are the same. An empty fix file clears what is left of the conflict.\n');
  const plan = planFor(comparison, run.decisions);
  tellUnsettled(run, plan);
  return plan;
}

function tellUnsettled(run: RepairRun, { unsettled }: Plan): void {
  for (const { difference, why } of unsettled)
    run.conversation.note(`not repaired now, as ${why}: ${sentenceFor(difference, namingOf(run))}\n`);
}

export function namingOf(run: RepairRun): Naming {
  return { object: run.object, now: run.workplace.now() };
}

interface Options {
  readonly names: readonly string[];
  /** Decides as the options say. */
  readonly apply: (decisions: Decisions) => void;
}

const USAGE = { next: 'compareDirs FIXFILE [-acl USER RIGHTS] [-owner UID] [-mode MODE]' };

/** @throws LineError */
function optionsOf(words: readonly string[]): Options {
  const names: string[] = [];
  const chosen: ((decisions: Decisions) => void)[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const option = /^--?(acl|owner|mode)$/.exec(word)?.[1];
    const value = (further: number): string => {
      const found = words[at + further];
      if (found === undefined) throw new LineError(`${word} needs a value`, USAGE);
      return found;
    };
    if (option === 'acl') {
      const [user, rights] = [value(1), parseRights(value(2))];
      if (rights === undefined) throw new LineError(`${printable(value(2))} are no rights`, USAGE);
      chosen.push((decisions) => decisions.set(`rights positive ${user}`, { kind: 'rights', rights }));
      at += 2;
    } else if (option === 'owner') {
      const owner = numberOf(value(1), /^\d+$/, 10, MAX_OWNER, 'user id of 16 bits');
      chosen.push((decisions) => decisions.set('owner', { kind: 'owner', owner }));
      at += 1;
    } else if (option === 'mode') {
      const mode = numberOf(value(1), /^[0-7]+$/, 8, MAX_MODE, 'mode in octal digits');
      chosen.push((decisions) => decisions.set('mode', { kind: 'mode', mode }));
      at += 1;
    } else if (word.startsWith('-'))
      throw new LineError(`compareDirs has no option ${printable(word)}`, USAGE);
    else names.push(word);
  }
  return { names, apply: (decisions) => chosen.forEach((choose) => choose(decisions)) };
}

function numberOf(word: string, digits: RegExp, base: number, max: number, what: string): number {
  const value = digits.test(word) ? Number.parseInt(word, base) : Number.NaN;
  if (!(value <= max)) throw new LineError(`${printable(word)} is no ${what}`, USAGE);
  return value;
}

interface Questions {
  readonly object: (preset: string) => string;
  readonly file: (preset: string) => string;
}

/**
 * The fix file of `FIXFILE`, of the old form `OBJECT FIXFILE`, or asked for.
 * @returns undefined at the end of the input
 * @throws LineError
 */
async function askForNames(
  run: RepairRun,
  names: readonly string[],
  questions: Questions,
): Promise<{ readonly file: string; readonly object: string } | undefined> {
  const [first, second] = names;
  if (names.length > 2) throw new LineError('that takes a fix file, and nothing else', USAGE);
  if (first !== undefined) {
    if (second !== undefined) await checkObject(run, first);
    return { file: second ?? first, object: second === undefined ? run.typed : first };
  }
  if (!run.conversation.answers) throw new LineError('the fix file is missing', USAGE);
  const object = await run.conversation.ask(questions.object(printable(run.typed)));
  if (object === undefined) return undefined;
  if (object !== '') await checkObject(run, object);
  const file = await run.conversation.ask(questions.file(printable(run.fixFile)));
  if (file === undefined) return undefined;
  const chosen = file === '' ? run.fixFile : file;
  if (chosen === '') throw new LineError('the fix file is missing', USAGE);
  return { file: chosen, object: object === '' ? run.typed : object };
}

/** A session is about one object; people who know the old tool name it again. */
async function checkObject(run: RepairRun, typed: string): Promise<void> {
  if (typed === run.typed || (await run.workplace.toVenusPath(typed)) === run.begun.path) return;
  throw new LineError(`the session is about ${printable(run.object)}, not about ${printable(typed)}`, {
    next: 'End it first: quit',
  });
}

export const doRepair: CommandDefinition = {
  name: 'doRepair',
  aliases: [],
  summary: 'apply a fix file to the servers, and what else is needed until the object is normal',
  help: [
    'FIXFILE is checked before anything is sent, and what it removes is copied to this machine. Repairs take effect at once.',
    'Where the servers need several steps, as when one of two objects by one name was removed, the object is compared and repaired again, with what you decided before; you are asked only about what is new. When it is normal the session is over.',
  ],
  arguments: [{ name: 'FIXFILE' }],
  takesMore: true,
  onInterrupt: 'end the session',
  async run(run, words) {
    const named = await askForNames(run, words, {
      object: (preset) => `${OBJECT_QUESTION}  [${preset}] `,
      file: (preset) => `${APPLIED_FIX_FILE} [${preset}] `,
    });
    if (!named) return 'end';
    if (run.begun.type === 'file') return replaceFile(run, named.file);
    const isInCoda = codaTest((path) => run.workplace.toVenusPath(path));
    const file = await outsideCoda(named.file, isInCoda);
    const fixFile = parseFixText(await readFixFile(file), named.file);
    run.fixFile = file;
    if (run.conversation.answers) {
      const question = `OK to repair "${printable(named.object)}" by fixfile "${printable(named.file)}"?  [no] `;
      const isWanted = await askYesNo(run.conversation, question, false);
      if (isWanted === undefined) return 'end';
      if (!isWanted) {
        run.conversation.print('Operation aborted.\n');
        return 'failed';
      }
    }
    const known = run.known ?? (() => false);
    const { replicas } = run;
    const ended = await repairUntilNormal(
      replicas,
      named.file,
      { fixFile, known },
      (comparison, wasRefused) => proposeAgain(run, comparison, wasRefused),
      run,
    );
    return endOfRepair(run, replicas, ended);
  },
};

/** What is left after a cycle, with the decisions that hold; what is new is asked. */
async function proposeAgain(
  run: RepairRun,
  comparison: Comparison,
  wasRefused: boolean,
): Promise<Proposed | undefined> {
  const { conversation, decisions } = run;
  if (wasRefused)
    for (const { path } of keepHere(comparison, decisions))
      conversation.note(`${printable(path)} is taken at a server: the object is kept in the directory under repair
`);
  if ((await askAbout(comparison, decisions, conversation, namingOf(run))) === 'end of input')
    return undefined;
  const plan = planFor(comparison, decisions);
  tellUnsettled(run, plan);
  return plan;
}

/** What a repair leads to in the session. */
export async function endOfRepair(run: RepairRun, replicas: ServerSession, ended: Ended): Promise<Outcome> {
  const { conversation } = run;
  const object = printable(run.object);
  switch (ended) {
    case 'normal': {
      const silent = (await replicas.replicas()).filter(({ versionVector }) => versionVector === undefined);
      conversation.note(`${object} is repaired\n${silentText(silent)}`);
      run.settled('settled');
      return 'done';
    }
    case 'local/global':
      conversation.print(
        'The servers agree among each other; what you did at this client is in conflict with them.\nRepair that in a session of its own: beginRepair\n',
      );
      run.settled('conflict remains');
      return 'done';
    case 'in conflict':
      conversation.print(`${object} is still in conflict. See what is left: compareDirs\n`);
      return 'failed';
    case 'end of input':
      return 'end';
  }
}
