import { VenusUnavailableError } from '../../ipc/errors.ts';
import type { WantedEvents } from '../../ipc/venus.ts';
import type { VenusEvent } from '../../ipc/venusEvent.ts';
import { OutputClosedError } from '../../term/terminal.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';
import { ActivityLog } from './activityLog.ts';
import { parseSince } from './since.ts';

/** Milliseconds between two looks whether venus is there again. */
const RETRY = 1000;
/** Milliseconds between two looks whether anybody still reads: nothing may happen for hours. */
const LOOK = 500;

export const codacon: Command = {
  usage: 'codacon [--since TIME] [-n N] [--no-follow] [--wait]',
  summary: 'watch what venus does: a line with the time for each thing that happens',
  description: [
    'It goes on until ^C, or until nobody reads what it prints. With --json each event is a line of JSON with all that is known of it.',
    'The embedded venus keeps a history, which survives its restart; --since and -n begin with it. A mounted Coda keeps none.',
  ],
  options: [
    {
      flags: '--since <time>',
      summary: 'begin with what happened since then: 10m, 2h, 1d ago; 14:30; 2026-11-21T14:30',
    },
    { flags: '-n, --lines <n>', summary: 'begin with the last n events' },
    { flags: '--no-follow', summary: 'print the history, and end' },
    { flags: '--wait', summary: 'when venus goes away, wait until it is back' },
  ],
  examples: ['codacon', 'codacon --since 2h', 'codacon --since 09:00 --no-follow --json'],
  words: { max: 0 },
  classicFailure: 1,

  async run(context, _words, options) {
    const wanted = wantedEvents(context, options);
    try {
      await whileRead(context, watch(context, wanted, options.flag('wait')));
    } catch (error) {
      if (!context.json || error instanceof OutputClosedError) throw error;
      await context.fail(error, 'codacon');
      // A document of several lines would be no JSON Lines.
      context.printJsonLine({ failures: context.failures });
    }
  },
};

/** Without any option only what happens from now on, as ever; without following all that is kept. */
function wantedEvents({ surroundings }: Context, options: Options): WantedEvents {
  const follow = !options.flag('no-follow');
  const [lines, time] = [options.value('lines'), options.value('since')];
  if (lines !== undefined && !/^\d{1,9}$/.test(lines)) throw new UsageError(`-n: ${lines} is not a number`);
  const since = time === undefined ? undefined : parseSince(time, surroundings.now());
  if (time !== undefined && since === undefined)
    throw new UsageError(`--since: ${time} is not a time; write 10m, 2h, 14:30 or 2026-11-21T14:30`);
  const last = lines === undefined ? undefined : Number(lines);
  if (since === undefined && last === undefined) return follow ? { last: 0 } : { since: 0, follow };
  return {
    follow,
    ...(since === undefined ? {} : { since }),
    ...(last === undefined ? {} : { last }),
  };
}

/** @throws OutputClosedError soon after the last reader of the output has gone */
async function whileRead(context: Context, watching: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const closed = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (context.terminal.outIsClosed) reject(new OutputClosedError());
    }, LOOK);
  });
  try {
    await Promise.race([watching, closed]);
  } finally {
    clearInterval(timer);
  }
}

async function watch(context: Context, wanted: WantedEvents, isPatient: boolean): Promise<void> {
  const log = new ActivityLog(context.surroundings.now());
  let latest = context.surroundings.now();
  const show = (event: VenusEvent) => {
    latest = Math.max(latest, event.time);
    if (context.json) context.printJsonLine({ ...event, time: new Date(event.time).toISOString() });
    else context.print(log.textOf(event));
  };
  for (let asked = wanted; ; asked = asksAgain(context, latest)) {
    try {
      await showUntilEnd(context, asked, show);
      return;
    } catch (error) {
      if (!isPatient || !(error instanceof VenusUnavailableError)) throw error;
      context.note(`codacon: ${error.message}; waiting for it`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}

/** What to ask a venus that is back: what it has done meanwhile, if it keeps that. */
function asksAgain(context: Context, latest: number): WantedEvents {
  return !context.isEmbedded() ? {} : { since: latest + 1 };
}

/** Resolves at the end of a history. @throws VenusUnavailableError at that of a stream that should have gone on */
async function showUntilEnd(
  context: Context,
  wanted: WantedEvents,
  show: (event: VenusEvent) => void,
): Promise<void> {
  const venus = await context.venus();
  for await (const event of venus.events(wanted)) {
    show(event);
    // It sleeps for a debugger: its socket stays open, and nothing comes any more.
    if (event.kind === 'venusEnds' && event.how === 'crash') break;
  }
  if (wanted.follow === false) return;
  throw new VenusUnavailableError('venus tells no more of what it does', {
    why: 'It was stopped or has crashed, or it gave this reader up for being too slow.',
    next: 'Watch again when it runs: codacon --wait',
  });
}
