import { joinPath } from '../ipc/codaPath.ts';
import type { DirectoryEntry, FileTree } from '../ipc/venus.ts';
import { startSpinner } from '../term/spinner.ts';
import type { Context, Target } from './context.ts';
import { REQUESTS } from './eachPath.ts';
import { inFlight } from './inFlight.ts';

/** Directories that are read ahead of the one at hand. */
const READ_AHEAD = 8;

/** A directory of a tree that is still to be visited. */
interface Visit {
  readonly target: Target;
  /** Those it was reached through, to see a volume that is mounted inside itself. */
  readonly above: readonly string[];
  entries?: Promise<readonly DirectoryEntry[]>;
}

/** A directory that could not be read, instead of its children. */
export interface UnreadDirectory {
  readonly target: Target;
  readonly error: unknown;
}

/** All directories of the trees below some, parents first, mount points crossed, links not followed. */
export async function* directoriesBelow(
  files: FileTree,
  roots: readonly Target[],
): AsyncGenerator<Target | UnreadDirectory> {
  let waiting: Visit[] = roots.map((target) => ({ target, above: [] }));
  for (let visit = waiting.shift(); visit; visit = waiting.shift()) {
    yield visit.target;
    try {
      const children = await childrenOf(files, visit);
      waiting = [...children, ...waiting];
    } catch (error) {
      yield { target: visit.target, error };
    }
    for (const next of waiting.slice(0, READ_AHEAD)) void startReading(files, next);
  }
}

async function childrenOf(files: FileTree, visit: Visit): Promise<readonly Visit[]> {
  const entries = await startReading(files, visit);
  return entries
    .filter(({ type, identity }) => type === 'directory' && !visit.above.includes(identity))
    .map(({ name, identity }) => ({
      target: { typed: joinPath(visit.target.typed, name), path: joinPath(visit.target.path, name) },
      above: [...visit.above, identity],
    }));
}

function startReading(files: FileTree, visit: Visit): Promise<readonly DirectoryEntry[]> {
  if (!visit.entries) {
    visit.entries = readAll(files, visit.target.path);
    // It is looked at in its turn.
    visit.entries.catch(() => undefined);
  }
  return visit.entries;
}

async function readAll(files: FileTree, path: string): Promise<readonly DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const entry of files.readdir(path)) if (entry.type === 'directory') entries.push(entry);
  return entries;
}

/** How a walk over whole trees went. */
export interface TreeSummary {
  /** Those that were come by. */
  readonly directories: number;
  /** Those at which something failed. */
  readonly failed: number;
}

/**
 * Does something with every directory of the trees below some, many at a time; prints in order, reports what fails and
 * goes on. On a terminal a line says how far it has come.
 */
export async function forEachDirectory<Result>(
  context: Context,
  roots: readonly string[],
  work: (path: string) => Promise<Result>,
  print: (typed: string, result: Result) => void,
): Promise<TreeSummary> {
  const files = await context.files();
  const targets = await Promise.all(roots.map((root) => context.target(root)));
  const spinner = startSpinner('reading directories', context.terminal);
  let [directories, failed] = [0, 0];
  let lastFailed: string | undefined;
  try {
    const visited = directoriesBelow(files, targets);
    for await (const outcome of inFlight(visited, REQUESTS, (item) => visit(item, work))) {
      const { typed } = 'error' in outcome.item ? outcome.item.target : outcome.item;
      if (!('error' in outcome.item)) directories += 1;
      spinner.say(`${directories} directories done, at ${typed}`);
      if (outcome.ok) {
        print(typed, outcome.result);
        context.succeed();
      } else if (typed !== lastFailed) {
        // What cannot be looked at cannot be read either, and is reported once.
        failed += 1;
        lastFailed = typed;
        await context.fail(outcome.error, typed, typed);
      }
    }
  } finally {
    spinner.stop();
  }
  return { directories, failed };
}

function visit<Result>(
  item: Target | UnreadDirectory,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  if ('error' in item) throw item.error;
  return work(item.path);
}
