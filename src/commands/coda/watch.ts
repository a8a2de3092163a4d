import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { durationOption } from '../durationOption.ts';
import { ExitStatus, UsageError } from '../exitStatus.ts';

/** Seconds between two questions. */
const INTERVAL = 2;
/** Seconds: more often would only cost, since what happens is told at once anyway. */
const SHORTEST = 0.1;

export const watch: Command = {
  usage: 'coda watch [--interval <duration>] [<path> ...]',
  summary: 'watch volumes, what moves and what happens, on the whole screen',
  description: [
    'On a terminal it fills the screen: a line for each volume with its state, the changes that are not on the servers and their bytes; what moves, how fast and until when; what happened. Keys: up and down (or k and j) select a volume, r sends its changes, c makes a checkpoint, d asks the doctor, p or R begins a repair, h helps, q quits.',
    'Where stdout is no terminal, or TERM is dumb, it prints a line for each change; with --json JSON Lines. It goes on until it is stopped; while venus is away it waits for it.',
    'The embedded venus tells all. A mounted Coda tells the states of its volumes, and their unsent bytes only of those that the paths lie in.',
  ],
  options: [
    {
      flags: '--interval <duration>',
      summary: `how often venus is asked, beside what it tells by itself (default ${INTERVAL}s)`,
    },
  ],
  examples: ['coda watch', 'coda watch --json --interval 10s', 'coda watch /coda/example.org/usr/jan'],

  async run(context, paths, options) {
    const seconds = durationOption(options, 'interval') ?? INTERVAL;
    if (seconds < SHORTEST) throw new UsageError(`--interval: at least ${SHORTEST} s`);
    if (isForScreen(context)) await onScreen(context, paths, seconds * 1000);
    else await asLines(context, paths, seconds * 1000);
  },
};

function isForScreen({ json, terminal, surroundings: { env } }: Context): boolean {
  return !json && terminal.outIsTerminal && (env['TERM'] ?? 'dumb') !== 'dumb';
}

async function onScreen(context: Context, paths: readonly string[], interval: number): Promise<void> {
  const { View } = await import('./watch/view.ts');
  const { WatchModel } = await import('./watch/watchModel.ts');
  const { Watching } = await import('./watch/watching.ts');
  const { sourceOf } = await import('./watch/source.ts');
  const model = new WatchModel();
  const view = new View(context, model);
  const changed = () => view.changed();
  const watcher = { event: changed, report: changed, lost: changed };
  const watching = new Watching(context, sourceOf(context, paths), model, watcher);
  const ending = await view.run(watching.run(interval));
  if (ending === 'interrupted') context.count(ExitStatus.Interrupted);
  // As the signal would have ended it, had the terminal not been to restore.
  else if (ending !== 'quit') process.kill(process.pid, ending);
}

async function asLines(context: Context, paths: readonly string[], interval: number): Promise<void> {
  const { printLines } = await import('./watch/lines.ts');
  await printLines(context, paths, interval);
}
