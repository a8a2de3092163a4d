import type { Context, Target } from './context.ts';
import { inFlight } from './inFlight.ts';

/** Requests of one command under way at once. */
export const REQUESTS = 32;

export interface EachPath<Result> {
  /** What is asked about each path; several are asked at once. */
  readonly ask: (target: Target) => Promise<Result>;
  /** What is printed, in the order of the paths. */
  readonly print: (typed: string, result: Result) => void;
  /** What comes before the error of a path: by default the path itself. */
  readonly label?: string;
  /** Printed before the outcome of each path, whatever it is. */
  readonly echo?: (typed: string) => void;
  /** Requests under way at once, if not {@link REQUESTS}. */
  readonly atATime?: number;
}

/** Asks venus about each path, prints what it answers, reports what fails and goes on. */
export async function forEachPath<Result>(
  context: Context,
  paths: readonly string[],
  { ask, print, label, echo, atATime = REQUESTS }: EachPath<Result>,
): Promise<void> {
  for await (const outcome of inFlight(paths, atATime, async (typed) => ask(await context.target(typed)))) {
    echo?.(outcome.item);
    if (outcome.ok) {
      print(outcome.item, outcome.result);
      context.succeed();
    } else {
      await context.fail(outcome.error, label ?? outcome.item, outcome.item);
    }
  }
}

/** The C tools' echo: the argument, right-justified to the longest word, before each result of several. */
export function echoed(context: Context, words: readonly string[], suffix: string): (typed: string) => void {
  if (words.length < 2 || context.json) return () => undefined;
  const width = Math.max(...words.map((word) => word.length));
  return (typed) => context.print(`  ${typed.padStart(width)}${suffix}`);
}
