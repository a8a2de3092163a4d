import { ROOT, call } from '../../ipc/call.ts';
import { hoardWalk } from '../../ipc/calls/hoardWalk.ts';
import type { HoardWalk, WalkProgress } from '../../ipc/hoard.ts';
import { TimeLimitError } from '../../ipc/errors.ts';
import { monotonicTime } from '../../ipc/timeLimit.ts';
import type { Venus } from '../../ipc/venus.ts';
import { counted } from '../../term/counted.ts';
import { formatSize } from '../../term/size.ts';
import { type Spinner, startSpinner } from '../../term/spinner.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';
import { explainRefusal, hasInsight, hoardInsight, requestingUid } from './hoardPlace.ts';

/** Milliseconds between two lines that say how far it has come, where stderr is no terminal. */
const LINES = 2000;

/** Has venus walk, and says how far it has come. @returns what `--json` shows, or undefined if it failed, which is reported */
export async function walk(context: Context): Promise<{ readonly walk: object } | undefined> {
  const display = new ProgressDisplay(context);
  try {
    const walked = hasInsight(context)
      ? await walkByInsight(context, display)
      : await walkByPioctl(await context.venus(), display);
    display.stop();
    return { walk: walked };
  } catch (error) {
    display.stop();
    await context.fail(explainRefusal(error), `pioctl:Walk(${requestingUid(context)})`);
    return undefined;
  }
}

async function walkByInsight(context: Context, display: ProgressDisplay): Promise<object> {
  const insight = await hoardInsight(context, 'hoard walk');
  const walked = await insight.walk((progress) => display.show(leftText(progress)));
  context.count(walked.result === 'done' ? ExitStatus.Done : statusOf(walked.result), 0);
  display.stop();
  context.terminal.err(`hoard walk: ${walkText(walked)}\n`);
  const { began, ended, ...facts } = walked;
  return { ...facts, began: new Date(began).toISOString(), ended: new Date(ended).toISOString() };
}

function statusOf(result: Exclude<HoardWalk['result'], 'done'>): ExitStatus {
  return result === 'unreachable' ? ExitStatus.Unreachable : ExitStatus.Failed;
}

/** `12 objects left, 3.4 MiB`. */
export function leftText({ phase, left, done }: WalkProgress): string {
  const what = phase === 'status' ? 'looking up what is hoarded' : 'fetching';
  return `${what}: ${left.objects} objects left, ${formatSize(left.bytes)}; ${done.objects} done`;
}

/** How a walk went, in a line. */
export function walkText({ result, fetched, unfetched, began, ended }: HoardWalk): string {
  const results = {
    done: 'done',
    'no room': 'the cache is full',
    unreachable: 'servers could not be reached',
    interrupted: 'it was interrupted',
  } as const;
  const seconds = Math.max(0, (ended - began) / 1000).toFixed(1);
  const missing =
    unfetched.objects === 0
      ? ''
      : `, ${counted(unfetched.objects, 'object')} of ${formatSize(unfetched.bytes)} could not be fetched`;
  return `${results[result]}: ${counted(fetched.objects, 'object')} fetched, ${formatSize(fetched.bytes)}, in ${seconds} s${missing}`;
}

/** A mounted Coda tells a percentage, and that only to who listens; the walk blocks its caller until it ends. */
async function walkByPioctl(venus: Venus, display: ProgressDisplay): Promise<object> {
  const listening = new Listening(venus, display);
  try {
    await call(venus, hoardWalk, ROOT, 0);
    return {};
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    const why = 'The walk takes longer than that, and goes on in venus.';
    throw new TimeLimitError(
      error.message,
      { why, next: 'Wait longer with --timeout, or look again later: hoard verify' },
      { cause: error },
    );
  } finally {
    listening.end();
  }
}

/** Shows what venus tells of its walk, until it is over. */
class Listening {
  #isOver = false;

  constructor(venus: Venus, display: ProgressDisplay) {
    // Without the mariner socket there is no progress to show; the walk itself tells whether it worked.
    this.#listen(venus, display).catch(() => undefined);
  }

  end(): void {
    this.#isOver = true;
  }

  async #listen(venus: Venus, display: ProgressDisplay): Promise<void> {
    for await (const event of venus.events({ last: 0, follow: true })) {
      if (this.#isOver) return;
      if (event.kind === 'walkProgress' && event.percent !== undefined)
        display.show(`fetching: ${event.percent}%`);
    }
  }
}

/** Beside a spinner on a terminal, else as a line now and then. */
class ProgressDisplay {
  readonly #context: Context;
  readonly #spinner: Spinner;
  #lastLine = monotonicTime();

  constructor(context: Context) {
    this.#context = context;
    this.#spinner = startSpinner('walking', context.terminal);
  }

  show(text: string): void {
    this.#spinner.say(text);
    const { terminal } = this.#context;
    if (terminal.errIsTerminal || monotonicTime() - this.#lastLine < LINES) return;
    terminal.err(`${text}\n`);
    this.#lastLine = monotonicTime();
  }

  stop(): void {
    this.#spinner.stop();
  }
}
