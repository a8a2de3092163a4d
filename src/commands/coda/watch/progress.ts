/** How fast something moves, and when it will be there: from what was told of it, without a clock of its own. */

interface Sample {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly done: number;
}

/** How far something has come. A value: {@link advance} makes the next. */
export interface Progress {
  readonly done: number;
  /** Unknown where it was not told. */
  readonly total: number | undefined;
  /** Oldest first; the first may be older than the window, for what was done at its beginning. */
  readonly samples: readonly Sample[];
}

/** Milliseconds over which a rate is taken. */
const WINDOW = 10_000;
/** Milliseconds between two samples that are kept, so that there are never more than a hundred. */
const SPACING = 100;
/** Milliseconds below which a rate would be a guess. */
const TOO_SHORT = 250;

export function begin(time: number, done: number, total: number | undefined): Progress {
  return { done, total, samples: [{ time, done }] };
}

/** What is told anew. Less than before is a new beginning. */
export function advance(before: Progress, time: number, done: number, total = before.total): Progress {
  if (done < before.done) return begin(time, done, total);
  const [newest, last] = [before.samples.at(-1), before.samples.at(-2)];
  const isClose = newest !== undefined && last !== undefined && newest.time - last.time < SPACING;
  const samples = [...(isClose ? before.samples.slice(0, -1) : before.samples), { time, done }];
  return { done, total, samples: withoutOld(samples, time) };
}

/** Keeps the newest of those that are older than the window: it stands for its beginning. */
function withoutOld(samples: readonly Sample[], now: number): readonly Sample[] {
  const first = samples.findIndex(({ time }) => time >= now - WINDOW);
  return first > 1 ? samples.slice(first - 1) : samples;
}

/** Units per second over the last ten seconds; undefined as long as it has just begun. 0 if it stands still. */
export function rateOf({ done, samples }: Progress, now: number): number | undefined {
  const start = samples.findLast(({ time }) => time <= now - WINDOW) ?? samples[0];
  if (start === undefined) return undefined;
  const elapsed = now - Math.max(start.time, now - WINDOW);
  return elapsed < TOO_SHORT ? undefined : ((done - start.done) * 1000) / elapsed;
}

/** Seconds until it is there; undefined where that cannot be known, as for what stands still. */
export function secondsLeft(progress: Progress, now: number): number | undefined {
  const { done, total } = progress;
  const rate = rateOf(progress, now);
  if (total === undefined || rate === undefined || rate <= 0) return undefined;
  return Math.max(0, total - done) / rate;
}

/** A whole number of percent, rounded down; undefined where the whole is not known. */
export function percentOf({ done, total }: Progress): number | undefined {
  if (total === undefined) return undefined;
  return total === 0 ? 100 : Math.min(100, Math.floor((done * 100) / total));
}
