import { basename } from 'node:path';
import type { Command } from '../command.ts';
import { Context } from '../context.ts';
import type { BashWord } from './completion/answer.ts';
import { type Shell, shells } from './completion/scripts.ts';

/** Milliseconds: who presses TAB waits no longer. */
const LIMIT = 2000;

/** What was typed, as a shell hands it over. */
interface Typed {
  readonly words: readonly string[];
  readonly current: string;
  readonly inBash: BashWord | undefined;
}

/** For the scripts of `coda completion`. What goes wrong is not told: a message would stand in the line that is typed. */
export const complete: Command = {
  usage: 'coda complete bash <line> <word> | zsh <word> ... | fish <word> ...',
  summary: 'answer a shell that completes a line',
  verbatim: true,

  async run(context, [name, ...handed]) {
    const shell = shells.find((known) => known === name);
    if (shell === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve(''), LIMIT)));
    try {
      context.terminal.out(await Promise.race([answerTo(context, shell, handed), late]));
    } finally {
      clearTimeout(timer);
    }
  },
};

async function answerTo(context: Context, shell: Shell, handed: readonly string[]): Promise<string> {
  const { readTables } = await import('./completion/readTables.ts');
  const { wantedAt } = await import('./completion/wanted.ts');
  const { formatAnswer } = await import('./completion/answer.ts');
  const { words, current, inBash } = await typedIn(shell, handed);
  const [program = '', ...before] = words;
  const table = readTables().find(({ name }) => name === basename(program));
  if (!table) return '';
  const wanted = wantedAt(table, before, current);
  const { askedNames } = await import('./completion/asked.ts');
  const asking = new Context(
    context.tool,
    context.surroundings,
    { venus: wanted.venus, timeLimit: LIMIT, json: false },
    1,
  );
  const asked = await askedNames(asking, wanted).catch(() => []);
  return formatAnswer(shell, [...wanted.candidates, ...asked], current, wanted.kind === 'local file', inBash);
}

async function typedIn(shell: Shell, handed: readonly string[]): Promise<Typed> {
  if (shell !== 'bash')
    return { words: handed.slice(0, -1), current: handed.at(-1) ?? '', inBash: undefined };
  const { parseLine } = await import('./completion/typedLine.ts');
  const { words, current, quote } = parseLine(handed[0] ?? '');
  return { words, current, inBash: { replaced: handed[1] ?? '', quote } };
}
