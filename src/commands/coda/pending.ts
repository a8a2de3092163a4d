import { type LogReport, type PendingRecord, pendingLineSchema } from '../../ipc/insight.ts';
import { ProtocolError, TimeLimitError } from '../../ipc/errors.ts';
import { monotonicTime } from '../../ipc/timeLimit.ts';
import { formatJson } from '../../term/json.ts';
import { type Spinner, startSpinner } from '../../term/spinner.ts';
import { printable } from '../../term/printable.ts';
import { formatDuration } from '../../term/time.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { sentOf } from './finding.ts';
import { logReports } from './logFacts.ts';

/** Milliseconds between two looks while it waits. */
const POLL = 100;
/** Characters printed at a time. */
const CHUNK = 32 * 1024;
/** Milliseconds between two lines that say how far it has come, where stderr is no terminal. */
const LINES = 1000;

export const pending: Command = {
  usage: 'coda pending [--wait] [<path>]',
  summary: 'list what is not on the servers yet',
  description: [
    'A line for each change that waits in a modify log: how old it is, its bytes, what it does; a ! marks one that the servers refused.',
    'With --wait it lists nothing, says on stderr how far it has come, and returns when all of it is on the servers, or fails after --timeout.',
  ],
  options: [{ flags: '--wait', summary: 'wait until nothing is pending' }],
  examples: ['coda pending', 'coda pending --wait --timeout 10m /coda/example.org/usr/jan'],
  words: { max: 1 },

  async run(context, [typed], options) {
    if (options.flag('wait')) {
      await untilSent(context, typed);
      if (context.json) context.printJson({ failures: [] });
      return;
    }
    const logs = await logReports(context, typed);
    for (const log of logs) await list(context, log);
    if (logs.length === 0 && !context.json)
      context.note('nothing is pending: all changes are on the servers');
  },
};

async function list(context: Context, { volume, entries }: LogReport): Promise<void> {
  const http = await context.http('coda pending');
  const now = context.surroundings.now();
  const request = { method: 'GET', route: `/logs/records?volume=${volume}` } as const;
  // The first line goes out at once; a system call for each of the others would take most of the time.
  let [text, room] = ['', 0];
  for await (const record of http.lines(request, pendingLineSchema)) {
    if ('end' in record) {
      context.terminal.out(text);
      return;
    }
    text += context.json ? jsonLineOf(record) : lineOf(record, now);
    if (text.length < room) continue;
    context.terminal.out(text);
    [text, room] = ['', CHUNK];
  }
  context.terminal.out(text);
  throw new ProtocolError(`the list of ${entries} changes is cut short`);
}

function jsonLineOf(record: PendingRecord): string {
  return formatJson({ ...record, time: new Date(record.time).toISOString() }, 0);
}

function lineOf({ time, bytes, line, conflict }: PendingRecord, now: number): string {
  const age = formatDuration(Math.max(0, now - time) / 1000).padStart(8);
  return `${conflict ? '!' : ' '} ${age} ${String(bytes).padStart(12)}  ${printable(line.replace(/\t/g, ''))}\n`;
}

async function untilSent(context: Context, typed: string | undefined): Promise<void> {
  const deadline = monotonicTime() + context.timeLimit;
  const progress = new ProgressDisplay(context);
  try {
    for (;;) {
      const logs = await logReports(context, typed);
      if (logs.length === 0) return;
      const left = logs.reduce((sum, { entries }) => sum + entries, 0);
      if (monotonicTime() > deadline) throw stillPending(left, typed);
      progress.show(left);
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  } finally {
    progress.stop();
  }
}

function stillPending(left: number, typed: string | undefined): TimeLimitError {
  return new TimeLimitError(
    `${left === 1 ? '1 change is' : `${left} changes are`} still not on the servers`,
    {
      next: `See what holds them up: coda doctor${typed === undefined ? '' : ` ${typed}`}`,
    },
  );
}

/** How far a log has come: beside a spinner on a terminal, else as a line now and then. */
class ProgressDisplay {
  readonly #context: Context;
  readonly #spinner: Spinner;
  #total = 0;
  #lastLine = monotonicTime();
  #shown = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#spinner = startSpinner('waiting for the modify log to go out', context.terminal);
  }

  show(left: number): void {
    this.#total = Math.max(this.#total, left);
    const done = this.#total - left;
    const text = sentOf({ done, total: this.#total });
    this.#spinner.say(text);
    const { terminal } = this.#context;
    if (terminal.errIsTerminal || done === this.#shown || monotonicTime() - this.#lastLine < LINES) return;
    terminal.err(`${text}\n`);
    this.#shown = done;
    this.#lastLine = monotonicTime();
  }

  stop(): void {
    this.#spinner.stop();
  }
}
