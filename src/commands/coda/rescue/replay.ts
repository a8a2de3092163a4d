import type { ArchiveEntry } from '../../../cml/archive/entry.ts';
import { type Difference, Replay, type Replayed } from '../../../cml/replay.ts';
import { joinPath } from '../../../ipc/codaPath.ts';
import { readStdinLine } from '../../../term/prompts.ts';
import { printable } from '../../../term/printable.ts';
import { type Spinner, startSpinner } from '../../../term/spinner.ts';
import type { Options } from '../../command.ts';
import type { Context } from '../../context.ts';
import { RescueError, withArchive } from './openArchive.ts';

/** How many entries of an archive had which outcome. */
export type Counts = Record<Replayed['outcome'] | 'differing', number>;

/** Puts the entries of an archive back into Coda, and compares all of it at the end. */
export async function replayInto(
  context: Context,
  archive: string,
  typed: string,
  options: Options,
): Promise<void> {
  const counts = await replayArchive(context, archive, typed, options.flag('yes'));
  if (context.json) context.printJson({ archive, path: typed, ...counts, failures: context.failures });
  else context.print(summaryOf(typed, counts));
}

/**
 * The same, without a word about how it went but what failed, which is reported.
 * @param yes replaces what differs without asking
 */
export async function replayArchive(
  context: Context,
  archive: string,
  typed: string,
  yes: boolean,
): Promise<Readonly<Counts>> {
  const counts: Counts = { made: 0, replaced: 0, identical: 0, kept: 0, failed: 0, differing: 0 };
  const spinner = startSpinner('replaying', context.terminal);
  try {
    await withArchive(archive, async (open) => {
      const files = await context.files();
      const { path: root, status } = await files.resolve((await context.target(typed)).path);
      if (status.type !== 'directory') throw new RescueError(`${typed} is not a directory`);
      const replay = new Replay({ files, root });
      const asker = new Asker(context, spinner, yes);
      const left = new Set<string>();
      for await (const replayed of replay.run(await open(), (difference) => asker.mayReplace(difference))) {
        counts[replayed.outcome] += 1;
        spinner.say(`replaying, at ${replayed.entry.name}`);
        if (replayed.outcome === 'kept' || replayed.outcome === 'failed') {
          left.add(replayed.entry.name);
          const name = joinPath(typed, replayed.entry.name);
          await context.fail(replayed.error ?? notReplaced, name, name);
        }
      }
      spinner.say('comparing');
      for await (const { entry, error } of replay.compare(await open(), left)) {
        counts.differing += 1;
        const name = joinPath(typed, entry.name);
        await context.fail(error ?? new RescueError('differs from the archive after all'), name, name);
      }
    });
    context.succeed();
  } catch (error) {
    await context.fail(error, archive, typed);
    context.note('What is in Coda already stays there. To go on, give the same command again.');
  } finally {
    spinner.stop();
  }
  return counts;
}

const notReplaced = new RescueError('differs in Coda, and was not replaced');

/** A line about a replay. */
export function summaryOf(path: string, counts: Readonly<Counts>): string {
  const parts = [`${counts.made} made`, `${counts.identical} identical`];
  if (counts.replaced > 0) parts.push(`${counts.replaced} replaced`);
  if (counts.kept > 0) parts.push(`${counts.kept} kept as they are in Coda`);
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.differing > 0) parts.push(`${counts.differing} DIFFER after all`);
  return `${path}: ${parts.join(', ')}\n`;
}

/** Asks a person about each thing that differs. An empty answer, or none, is no. */
class Asker {
  readonly #context: Context;
  readonly #spinner: Spinner;
  #answerToAll: boolean | undefined;

  constructor(context: Context, spinner: Spinner, yes: boolean) {
    this.#context = context;
    this.#spinner = spinner;
    if (yes) this.#answerToAll = true;
  }

  mayReplace(difference: Difference): Promise<boolean> {
    if (this.#answerToAll !== undefined) return Promise.resolve(this.#answerToAll);
    // Nothing may write over the question.
    this.#spinner.stop();
    const { terminal } = this.#context;
    terminal.err(
      `${describe(this.#context, difference)}Replace it in Coda? [y]es, [N]o, yes to [a]ll, [q]uit: `,
    );
    const answer = readStdinLine().trim().toLowerCase();
    if (!terminal.inIsTerminal) terminal.err('\n');
    if (answer === 'a') this.#answerToAll = true;
    if (answer === 'q') this.#answerToAll = false;
    return Promise.resolve(answer === 'y' || answer === 'yes' || answer === 'a');
  }
}

/** Both versions, by where they are, kind, size, time and owner. */
function describe(context: Context, { entry, path, there }: Difference): string {
  const shown = printable(context.userPath(`/coda${path}`));
  const owner = there.ownerName ?? String(there.owner);
  const inCoda = `${there.type}, ${there.length} bytes, ${timeOf(there.modified)}, of ${owner}`;
  return `${shown} differs:\n  in the archive: ${describeEntry(entry)}\n  in Coda:        ${printable(inCoda)}\n`;
}

function describeEntry(entry: ArchiveEntry): string {
  const size = entry.type === 'file' ? `, ${entry.size} bytes` : '';
  const target = 'target' in entry ? ` to ${printable(entry.target)}` : '';
  return `${entry.type}${target}${size}, ${timeOf(entry.modified)}, of uid ${entry.uid}`;
}

function timeOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? 'unknown time' : date.toISOString();
}
