import { commandNames, usageOf } from '../../hoard/command.ts';
import { parseLine } from '../../hoard/hoardLines.ts';
import { quoteHoardWord } from '../../hoard/words.ts';
import { Interruptions } from '../../repair/interruptions.ts';
import { InterruptedError } from '../../term/prompts.ts';
import { CodaError } from '../../ipc/errors.ts';
import { splitPath } from '../../ipc/codaPath.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';
import { TerminalLines } from '../repair/terminalLines.ts';
import { reportBadLine } from './hoardFile.ts';
import type { HoardRun } from './hoardRun.ts';

const INTRODUCTION = 'Commands of hoard, one a line; help lists them, quit ends.';
/** Names that are offered for a path. */
const MOST_OFFERED = 200;

/** Reads commands that a person types, and does them. */
export async function converseAbout(context: Context, run: HoardRun): Promise<void> {
  const completer = (line: string) => completionsOf(context, line);
  const lines = new TerminalLines([], completer, new Interruptions());
  context.print(`${INTRODUCTION}\n`);
  try {
    for (let number = 1; ; number++) {
      const text = await readLine(lines);
      if (text === undefined || /^\s*(quit|exit)\s*$/.test(text)) return;
      if (/^\s*help\s*$/.test(text)) context.print(helpText());
      else await performTyped(context, run, text, number);
    }
  } finally {
    lines.close();
  }
}

/** @returns undefined at the end */
async function readLine(lines: TerminalLines): Promise<string | undefined> {
  try {
    return await lines.read('hoard> ', 'command');
  } catch (error) {
    // ^C throws the line away, not the session.
    if (error instanceof InterruptedError) return '';
    throw error;
  }
}

async function performTyped(context: Context, run: HoardRun, text: string, number: number): Promise<void> {
  const line = parseLine(text, number);
  if (line === undefined) return;
  if (!('command' in line)) {
    reportBadLine(context, 'typed', line);
    context.count(ExitStatus.Failed);
    return;
  }
  await run.perform(line.command);
  await run.settle();
}

function helpText(): string {
  return [...commandNames.map((name) => `  ${usageOf(name) ?? name}\n`), '  quit\n'].join('');
}

/** Commands for the first word, names of Coda for the second. */
async function completionsOf(context: Context, line: string): Promise<readonly [readonly string[], string]> {
  const [, first = '', rest] = /^\s*(\S*)(?:\s+(\S*))?$/.exec(line) ?? [];
  if (rest === undefined) return [commandNames.filter((name) => name.startsWith(first)), first];
  if (!['add', 'delete', 'modify', 'a', 'd'].includes(first)) return [[], rest];
  const { directory, entry } = rest.endsWith('/') ? { directory: rest, entry: '' } : splitPath(rest);
  const prefix = rest.slice(0, rest.length - entry.length);
  try {
    const { path } = await context.target(directory);
    const offered: string[] = [];
    for await (const { name, type } of (await context.files()).readdir(path)) {
      if (!name.startsWith(entry)) continue;
      offered.push(quoteHoardWord(`${prefix}${name}${type === 'directory' ? '/' : ''}`));
      if (offered.length === MOST_OFFERED) break;
    }
    return [offered, rest];
  } catch (error) {
    if (error instanceof CodaError) return [[], rest];
    throw error;
  }
}
