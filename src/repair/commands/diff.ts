import { splitPath } from '../../ipc/codaPath.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { FileStatus, FileTree } from '../../ipc/venus.ts';
import { printable } from '../../term/printable.ts';
import { formatListTime } from '../../term/time.ts';
import { RepairError } from '../backend.ts';
import type { CommandDefinition, Outcome } from '../commandDefinition.ts';
import type { RepairRun } from '../repairRun.ts';
import { type Copy, TemporaryCopies } from '../temporaryCopies.ts';
import { countOf } from '../texts.ts';
import { LineError } from '../words.ts';
import { resolveTyped } from './files.ts';
import { describeVersion, subjectOf } from './look.ts';

export const diff: CommandDefinition = {
  name: 'diff',
  aliases: [],
  summary: 'compare two files, or both versions of what the current mutation is about',
  help: [
    'Without paths it compares the global version of the current mutation’s object with the local one. Paths as for ls.',
    'The environment variable CODA_DIFF names the program that is run with both files (words of it are arguments before them); else GIT_EXTERNAL_DIFF as git runs it; else "diff -u". Files that are no text are compared by size and SHA-256.',
  ],
  arguments: [],
  takesMore: true,
  onInterrupt: 'give up',
  async run(run, words) {
    const [first, second] = words.length === 0 ? await currentPaths(run) : words;
    if (first === undefined || second === undefined || words.length > 2)
      throw new LineError('diff takes two paths, or none in a session');
    const files = await run.workplace.files();
    const sides = [await sideOf(run, files, first), await sideOf(run, files, second)] as const;
    if (sides.some(({ status }) => status?.type === 'directory')) return compareNames(run, files, sides);
    return compareFiles(run, files, sides);
  },
};

/** Nobody changed these: the servers' version is what there was, the local one what comes. */
async function currentPaths(run: RepairRun): Promise<readonly string[]> {
  const checked = run.hasObject ? await run.session.check() : undefined;
  if (checked === undefined)
    throw new LineError('there is no current local mutation, so diff needs two paths');
  const subject = subjectOf(checked.mutation);
  return ['global', 'local'].map((place) => (subject === '' ? place : `${place}/${subject}`));
}

interface Side {
  readonly typed: string;
  readonly path: string;
  /** Undefined where there is nothing by the name. */
  readonly status: FileStatus | undefined;
  /** Whose, since when, how large. */
  readonly label: string;
  readonly whose: string;
}
type Sides = readonly [Side, Side];

async function sideOf(run: RepairRun, files: FileTree, typed: string): Promise<Side> {
  const path = await resolveTyped(run, typed);
  const status = await statusOf(files, path);
  const version = await versionOf(run, path);
  const whose = version?.[0] ?? splitPath(path).directory;
  const now = run.workplace.now();
  const details = version ?? (status ? describeStatus(status, now) : ['nothing by this name']);
  return { typed, path, status, whose, label: `${printable(typed)} (${details.join(', ')})` };
}

async function statusOf(files: FileTree, path: string): Promise<FileStatus | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function describeStatus(status: FileStatus, now: number): readonly string[] {
  const owner = printable(status.ownerName ?? String(status.owner));
  return [owner, countOf(status.length, 'byte'), formatListTime(status.modified, now)];
}

/** What the backend knows of a path below the expanded object. */
async function versionOf(run: RepairRun, path: string): Promise<readonly string[] | undefined> {
  if (!run.hasObject || !path.startsWith(`${run.begun.path}/`)) return undefined;
  const [place, ...below] = path.slice(run.begun.path.length + 1).split('/');
  const versions = await run.session.versions(below.join('/'));
  const version = versions.find((each) => each.place === place);
  return version && describeVersion(version, run.workplace.now());
}

async function compareNames(run: RepairRun, files: FileTree, sides: Sides): Promise<Outcome> {
  const [first, second] = await Promise.all(sides.map((side) => namesOf(files, side)));
  if (first === undefined || second === undefined)
    throw new RepairError('a directory can only be compared with a directory', {
      why: sides.map(({ label }) => label).join('; '),
    });
  const lines: string[] = [`--- ${sides[0].label}`, `+++ ${sides[1].label}`];
  for (const name of [...new Set([...first, ...second])].sort()) {
    if (!second.has(name)) lines.push(`-${printable(name)}`);
    else if (!first.has(name)) lines.push(`+${printable(name)}`);
  }
  if (lines.length === 2) lines.push(` the same ${countOf(first.size, 'name')} in both`);
  run.conversation.print(`${lines.join('\n')}\n`);
  return 'done';
}

async function namesOf(files: FileTree, { path, status }: Side): Promise<ReadonlySet<string> | undefined> {
  if (status === undefined) return new Set();
  if (status.type !== 'directory') return undefined;
  const names = new Set<string>();
  for await (const { name } of files.readdir(path)) names.add(name);
  return names;
}

async function compareFiles(run: RepairRun, files: FileTree, sides: Sides): Promise<Outcome> {
  const copies = await TemporaryCopies.make();
  try {
    const [first, second] = [await copyOf(copies, files, sides[0]), await copyOf(copies, files, sides[1])];
    if (first.digest === second.digest) {
      run.conversation.print(`${sides[0].label}\n${sides[1].label}\nhave the same contents\n`);
      return 'done';
    }
    if (first.isBinary || second.isBinary) {
      run.conversation.print(
        `binary files differ:\n${digestLine(sides[0], first)}${digestLine(sides[1], second)}`,
      );
      return 'done';
    }
    return await runTool(run, sides, [first, second]);
  } finally {
    await copies.remove();
  }
}

async function copyOf(copies: TemporaryCopies, files: FileTree, side: Side): Promise<Copy> {
  if (side.status?.type === 'symlink') {
    const target = await files.readlink(side.path);
    throw new RepairError(`${printable(side.typed)} is a symbolic link to ${printable(target)}`, {
      why: 'Only the contents of files can be compared.',
      next: 'See both versions of it: show',
    });
  }
  const { entry } = splitPath(side.path);
  return copies.add(files, side.status && side.path, side.whose, entry);
}

function digestLine({ label }: Side, { digest }: Copy): string {
  return `${label}\n\tSHA-256 ${digest}\n`;
}

async function runTool(
  run: RepairRun,
  sides: Sides,
  [first, second]: readonly [Copy, Copy],
): Promise<Outcome> {
  const { conversation, env } = run.workplace;
  const own = env['CODA_DIFF'];
  const gits = env['GIT_EXTERNAL_DIFF'];
  const labels = { CODA_DIFF_LABEL_1: sides[0].label, CODA_DIFF_LABEL_2: sides[1].label };
  if (own)
    return statusOutcome(
      await conversation.run('/bin/sh', shellWords(own, [first.file, second.file]), labels),
    );
  if (gits) {
    const words = [
      splitPath(sides[1].path).entry,
      first.file,
      '.',
      mode(sides[0]),
      second.file,
      '.',
      mode(sides[1]),
    ];
    return statusOutcome(await conversation.run('/bin/sh', shellWords(gits, words), labels));
  }
  const words = ['-u', `--label=${sides[0].label}`, `--label=${sides[1].label}`, first.file, second.file];
  return statusOutcome(await conversation.run('diff', words));
}

/** Words of the variable are the user's own; those behind them are passed without being looked at. */
function shellWords(command: string, words: readonly string[]): readonly string[] {
  return ['-c', `${command} "$@"`, 'repair', ...words];
}

/** Programs that compare say with 1 that there is a difference. */
function statusOutcome(status: number): Outcome {
  return status <= 1 ? 'done' : 'failed';
}

function mode({ status }: Side): string {
  return `100${(status?.mode ?? 0o644).toString(8).padStart(3, '0')}`;
}
