/** The tools that keys run on the selected volume. */
import { type ChildProcess, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { decodeText } from '../../../ipc/text.ts';
import { printableLines } from '../../../term/printable.ts';
import { shellWord } from '../../../term/shellWord.ts';
import type { Context } from '../../context.ts';

export interface ToolRun {
  readonly tool: 'cfs' | 'coda' | 'repair';
  readonly words: readonly string[];
}

/** Characters of output that are looked at for the last line. */
const TAIL = 4096;

/** As one would type it. */
export function commandLine({ tool, words }: ToolRun): string {
  return [tool, ...words.map(shellWord)].join(' ');
}

/** Runs a tool that has the terminal to itself. @returns its exit status */
export async function runInForeground(
  context: Context,
  run: ToolRun,
  onStart: (child: ChildProcess) => void,
): Promise<number> {
  const child = start(context, run, 'inherit');
  onStart(child);
  return statusOf(child);
}

/** Runs a tool beside the view. @returns its last line, or its status if it has none */
export async function runBeside(context: Context, run: ToolRun): Promise<string> {
  const child = start(context, run, 'pipe');
  let tail = '';
  const take = (bytes: Uint8Array) => (tail = (tail + decodeText(bytes)).slice(-TAIL));
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const status = await statusOf(child);
  const last = printableLines(tail).trimEnd().split('\n').at(-1)?.trim() ?? '';
  return last === '' ? `${commandLine(run)} ended with ${status}` : last;
}

/** The tool beside this one in `bin/`, with the venus that is watched. */
function start(context: Context, { tool, words }: ToolRun, output: 'inherit' | 'pipe'): ChildProcess {
  const program = join(dirname(realpathSync(process.argv[1] ?? '')), tool);
  const address = context.address();
  const venus = address.kind === 'mount' ? `mount:${address.directory}` : `unix:${address.path}`;
  return spawn(process.execPath, [program, ...words], {
    stdio: [output === 'inherit' ? 'inherit' : 'ignore', output, output],
    env: { ...context.surroundings.env, CODA_VENUS: venus },
  });
}

function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) =>
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
