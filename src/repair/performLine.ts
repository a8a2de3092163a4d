/** One typed line, performed: from its words to the command, the missing values asked for. */
import type { CommandDefinition, Outcome } from './commandDefinition.ts';
import { ambiguous, definitionOf, knownWords, unknownWord } from './commandTable.ts';
import { meaningOf } from './commandWord.ts';
import { InterruptedError } from '../term/prompts.ts';
import { RepairError } from './backend.ts';
import type { RepairRun } from './repairRun.ts';
import { refusalOf } from './stateTable.ts';
import { valueQuestion } from './texts.ts';
import { LineError, splitWords } from './words.ts';

/** The answers given last, by the question: what an empty answer means the next time. */
export type LastValues = Map<string, string>;

/**
 * Performs a line.
 * @param signal says that somebody wants it to end; a command that only looks is given up at once
 * @returns undefined for an empty line
 * @throws CodaError what the command could not do; InterruptedError where the session has to end
 */
export async function performLine(
  run: RepairRun,
  line: string,
  last: LastValues,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const text = line.trim();
  if (text === '') return undefined;
  if (text.startsWith('!')) {
    const status = await run.conversation.run('/bin/sh', ['-c', text.slice(1)]);
    return status === 0 ? 'done' : 'failed';
  }
  const [word = '', ...words] = splitWords(text);
  const command = commandFor(run, word);
  const all = await complete(run, command, words, last);
  if (all === undefined) return 'end';
  const work = command.run(run, all, signal);
  if (command.onInterrupt === 'give up') return untilAborted(work, signal);
  const outcome = await work;
  if (signal.aborted && command.onInterrupt === 'end the session') throw new InterruptedError();
  return outcome;
}

/** @throws LineError; RepairError where the state forbids it */
function commandFor(run: RepairRun, word: string): CommandDefinition {
  const meaning = meaningOf(word, knownWords);
  if (meaning.kind === 'unknown') throw unknownWord(word);
  if (meaning.kind === 'ambiguous') throw ambiguous(word, meaning.candidates);
  const refusal = refusalOf(run.state, meaning.name);
  const command = definitionOf(meaning.name);
  if (refusal || !command) throw new RepairError(`${meaning.name} cannot be done now`, refusal ?? {});
  return command;
}

/** The words, with answers for those that are missing. @returns undefined at the end of the input */
async function complete(
  run: RepairRun,
  command: CommandDefinition,
  words: readonly string[],
  last: LastValues,
): Promise<readonly string[] | undefined> {
  if (!command.takesMore && words.length > command.arguments.length)
    throw new LineError(`${command.name} takes ${usageOf(command)}`, {
      next: `See more: help ${command.name}`,
    });
  const complete = [...words];
  for (const { name, question } of command.arguments.slice(words.length)) {
    if (question === undefined) break;
    if (!run.conversation.answers) throw new LineError(`${command.name} needs ${name}`);
    const preset = last.get(question) ?? '';
    const answer = await run.conversation.ask(valueQuestion(question, preset));
    if (answer === undefined) return undefined;
    const value = answer === '' ? preset : answer;
    if (value === '') throw new LineError(`${command.name} needs ${name}`);
    complete.push(value);
  }
  command.arguments.forEach(({ question }, at) => {
    const value = complete[at];
    if (question !== undefined && value !== undefined) last.set(question, value);
  });
  return complete;
}

function usageOf({ arguments: wanted }: CommandDefinition): string {
  return wanted.length === 0 ? 'no words' : wanted.map(({ name }) => name).join(' ');
}

/** A command that was given up goes on unseen; what becomes of it does not matter, as it only looks. */
function untilAborted(work: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const give = (): void => resolve('failed');
    signal.addEventListener('abort', give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
