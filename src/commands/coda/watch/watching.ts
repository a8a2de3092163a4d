import { VenusUnavailableError } from '../../../ipc/errors.ts';
import type { VenusEvent } from '../../../ipc/venusEvent.ts';
import type { Context } from '../../context.ts';
import type { Source } from './source.ts';
import type { Happening, WatchModel } from './watchModel.ts';

/** Who is told that the model has changed. */
export interface Watcher {
  /** An event came; `happening` is what to tell of it, if anything. */
  readonly event: (event: VenusEvent, happening: Happening | undefined) => void;
  /** Volumes were reported. */
  readonly report: () => void;
  readonly lost: (why: string) => void;
}

/** Milliseconds between an event and the report that it is a reason for: others come with it. */
const SOON = 150;
/** Milliseconds between two looks whether venus is there again. */
const RETRY = 1000;
/** Events after which volumes may be otherwise than the event says. */
const REASONS: ReadonlySet<VenusEvent['kind']> = new Set([
  'volumeState',
  'reintegrationEnds',
  'reintegrationProgress',
  'awaitsTokens',
  'conflict',
  'server',
  'token',
]);

/** Keeps a model as venus is: listens to what happens, and asks every so often. It goes on without an end. */
export class Watching {
  readonly #context: Context;
  readonly #source: Source;
  readonly #model: WatchModel;
  readonly #watcher: Watcher;
  #isAsking = false;
  #soon: NodeJS.Timeout | undefined;

  constructor(context: Context, source: Source, model: WatchModel, watcher: Watcher) {
    this.#context = context;
    this.#source = source;
    this.#model = model;
    this.#watcher = watcher;
  }

  /** @param interval milliseconds between two questions. @throws VenusUnavailableError if venus is not there at first */
  async run(interval: number): Promise<never> {
    const { now } = this.#context.surroundings;
    const began = now();
    this.#model.report(await this.#source.volumes(), this.#source.tellsAll);
    this.#watcher.report();
    const timer = setInterval(() => void this.#ask(), interval);
    try {
      let latest = began;
      for (let wanted = this.#source.first, hasHeard = this.#source.tellsAll; ;) {
        try {
          for await (const event of (await this.#context.venus()).events(wanted)) {
            hasHeard = true;
            latest = Math.max(latest, event.time);
            this.#take(event, began);
            // It sleeps for a debugger: its socket stays open, and nothing comes any more.
            if (event.kind === 'venusEnds' && event.how === 'crash') break;
          }
          this.#lose('it was stopped, or has crashed');
        } catch (error) {
          if (!(error instanceof VenusUnavailableError) || !hasHeard) throw error;
          this.#lose(error.message);
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY));
        wanted = this.#source.later(latest + 1);
      }
    } finally {
      clearInterval(timer);
      clearTimeout(this.#soon);
    }
  }

  #take(event: VenusEvent, began: number): void {
    if (event.time < began) {
      this.#model.takePast(event);
      return;
    }
    this.#watcher.event(event, this.#model.take(event));
    if (REASONS.has(event.kind)) this.#soon ??= setTimeout(() => void this.#ask(), SOON);
  }

  #lose(why: string): void {
    this.#model.lose(why);
    this.#watcher.lost(why);
  }

  /** One question at a time: a slow venus is not asked more. */
  async #ask(): Promise<void> {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const volumes = await this.#source.volumes();
      this.#model.report(volumes, this.#source.tellsAll);
      this.#watcher.report();
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isAsking = false;
    }
  }
}
