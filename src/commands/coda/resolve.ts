import type { ConflictReport, LocalConflict } from '../../ipc/repairs.ts';
import { explainConflict, isBelow, workplacesOf } from '../../repair/conflictList.ts';
import { Interruptions } from '../../repair/interruptions.ts';
import { type Choice, choices } from '../../repair/resolve.ts';
import type { ReplicaKeep } from '../../repair/replicas/keepDecisions.ts';
import { printable } from '../../term/printable.ts';
import { InterruptedError } from '../../term/prompts.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';
import { withSignals } from '../repair/signals.ts';
import { conflictsAt } from './conflicts.ts';
import { settleAll } from './settleObjects.ts';
import { settleServers } from './settleServers.ts';

export const resolve: Command = {
  usage: 'coda resolve (<path> ... | --all) --keep mine|server|both|newest|<server> [--dry-run]',
  summary: 'settle conflicts without looking at each change',
  description: [
    'Between what you did and what the servers have: mine, what you did wins; server, what the servers have stays, and what you did goes where that is in its way. Between servers that differ: the name of a server, whose version wins. both: all versions are kept, beside each other under names that say whose they are and of which day. newest: the latest of them.',
    'What both sides did alike settles itself. What cannot be settled stays as it was, and does not stop the rest. A version of the servers that is replaced is first saved below $XDG_STATE_HOME/coda/replaced.',
    'Directories of servers that differ are repaired from what can be seen on: what lies below a conflict follows when that is settled.',
  ],
  options: [
    { flags: '--all', summary: 'all conflicts that there are' },
    {
      flags: '--keep <whose>',
      summary: 'mine, server, both, newest, or the name of a server',
      values: ['mine', 'server', 'both', 'newest'],
    },
    { flags: '--dry-run', summary: 'say what is in conflict, and settle nothing' },
  ],
  examples: [
    'coda resolve --all --keep both',
    'coda resolve /coda/example.org/usr/jan/paper.tex --keep mine',
    'coda resolve /coda/example.org/project --keep s2',
  ],
  words: {},

  async run(context, paths, options) {
    const whose = options.value('keep') ?? '';
    if (whose === '') throw new UsageError(WORDS);
    const isAll = options.flag('all');
    if (isAll === paths.length > 0) throw new UsageError('name objects in conflict, or say --all');
    const targets = isAll ? undefined : await pathsOf(context, paths);
    const found: ConflictReport[] = [];
    for await (const conflict of conflictsAt(context, undefined)) found.push(conflict);
    const meant = found.filter((conflict) => isMeant(conflict, targets));
    const wish = wishOf(whose, meant);
    if (options.flag('dry-run')) {
      preview(context, meant);
      return;
    }
    const interruptions = new Interruptions();
    await withSignals(interruptions, () => settleBoth(context, targets, found, wish, interruptions.over));
  },
};

const WORDS = `--keep takes ${choices.join(', ')}, or the name of a server`;

/** How each kind of conflict is settled; nothing for a kind that there is none of. */
interface Wish {
  readonly local: Choice | undefined;
  readonly ofServers: ReplicaKeep | undefined;
}

/** @throws UsageError for a word that does not fit all that is meant */
function wishOf(whose: string, meant: readonly ConflictReport[]): Wish {
  const ofServers = meant.filter((conflict) => conflict.kind === 'server/server');
  const servers = [
    ...new Set(
      ofServers.flatMap(({ versions, silent }) => [...versions.map(({ place }) => place), ...silent]),
    ),
  ].sort();
  if (whose === 'both' || whose === 'newest') return { local: whose, ofServers: { kind: whose } };
  const choice = choices.find((each) => each === whose);
  if (choice !== undefined) {
    if (ofServers.length === 0) return { local: choice, ofServers: undefined };
    throw new UsageError(
      `Servers differ from each other here, so that --keep takes newest, both or one of ${servers.map(printable).join(', ')}, not ${whose}`,
    );
  }
  if (ofServers.length === 0) throw new UsageError(`${WORDS} that is in conflict with others, not ${whose}`);
  if (!servers.includes(whose))
    throw new UsageError(
      `--keep takes newest, both or one of ${servers.map(printable).join(', ')}, not ${whose}`,
    );
  if (ofServers.length < meant.length)
    throw new UsageError(
      'Some of this is in conflict between you and the servers, where --keep takes mine, server, newest or both: name the objects apart',
    );
  return { local: undefined, ofServers: { kind: 'server', server: whose } };
}

/** First what the servers have among each other: only then can it be told what is in conflict with them. */
async function settleBoth(
  context: Context,
  targets: readonly string[] | undefined,
  found: readonly ConflictReport[],
  { local, ofServers }: Wish,
  over: AbortSignal,
): Promise<void> {
  const isServers = found.some((conflict) => conflict.kind === 'server/server' && isMeant(conflict, targets));
  const settled: object[] = [];
  if (ofServers && isServers)
    settled.push(
      ...(await settleServers(context, (conflict) => isMeant(conflict, targets), ofServers, over)),
    );
  const locals = isServers ? await localConflicts(context) : found.filter(isLocal);
  const objects = targets ? targetsAmong(targets, locals, isServers) : workplacesOf(locals);
  if (local) {
    settled.push(...(await settleAll(context, objects, locals, local, over)));
  }
  if (over.aborted && context.failures.length === 0)
    await context.fail(new InterruptedError(), 'coda resolve');
  if (context.json) context.printJson({ settled, failures: context.failures });
  else if (objects.length === 0 && !isServers) context.print('No conflicts.\n');
}

function isLocal(conflict: ConflictReport): conflict is LocalConflict {
  return conflict.kind !== 'server/server';
}

async function localConflicts(context: Context): Promise<readonly LocalConflict[]> {
  const found: LocalConflict[] = [];
  for await (const conflict of conflictsAt(context, undefined)) if (isLocal(conflict)) found.push(conflict);
  return found;
}

/** What is below a path that was named, and what it lies below, since nothing can be seen of it there. */
function isMeant({ path }: ConflictReport, targets: readonly string[] | undefined): boolean {
  return targets?.some((target) => path === target || isBelow(path, target) || isBelow(target, path)) ?? true;
}

async function pathsOf(context: Context, paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const typed of paths) found.push((await context.target(typed)).path);
  return found;
}

/**
 * The objects of paths that were named: what is inside an object in conflict is settled with it.
 * @param isOfServers whether conflicts of servers were settled there: then there need not be others
 */
function targetsAmong(
  targets: readonly string[],
  found: readonly LocalConflict[],
  isOfServers: boolean,
): readonly string[] {
  const objects = targets.flatMap((path) => {
    const around = found.find((conflict) => isBelow(path, conflict.path));
    const isThere = found.some((conflict) => conflict.path === path || isBelow(conflict.path, path));
    return around?.path ?? (isThere || !isOfServers ? [path] : []);
  });
  return [...new Set(objects)];
}

function preview(context: Context, meant: readonly ConflictReport[]): void {
  if (context.json) {
    const paths = meant.map(({ path }) => context.userPath(`/coda${path}`));
    context.printJson({ would: paths, failures: [] });
    return;
  }
  for (const conflict of meant)
    context.print(
      `${printable(context.userPath(`/coda${conflict.path}`))}\n  ${explainConflict(conflict)}\n`,
    );
  if (meant.length === 0) context.print('No conflicts.\n');
}
