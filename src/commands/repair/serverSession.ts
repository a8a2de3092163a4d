/** `--keep` and `--list` where servers differ among each other. */
import type { ServerConflict } from '../../ipc/repairs.ts';
import { describeVersion } from '../../repair/commands/look.ts';
import type { RepairRun } from '../../repair/repairRun.ts';
import { compareReplicas } from '../../repair/replicas/compare.ts';
import type { Difference } from '../../repair/replicas/differences.ts';
import type { ReplicaKeep } from '../../repair/replicas/keepDecisions.ts';
import { type Replica, type ReplicaStatus, isAnswering } from '../../repair/replicas/replica.ts';
import { sentenceFor, silentText } from '../../repair/replicas/replicaTexts.ts';
import { isSession } from '../../repair/stateTable.ts';
import { printable } from '../../term/printable.ts';
import { InterruptedError } from '../../term/prompts.ts';
import { conflictsAt } from '../coda/conflicts.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';
import { keptJson, keptText } from './keptText.ts';
import { settleReplicas } from './settleReplicas.ts';

/** Repairs the object of a session in one way. @throws UsageError for a word that does not fit */
export async function settleServerSession(
  context: Context,
  run: RepairRun,
  whose: string,
  over: AbortSignal,
): Promise<void> {
  const session = run.replicas;
  const keep = keepOf(
    whose,
    (await session.replicas()).map(({ server }) => server),
  );
  const conflict = await conflictOf(context, run.begun.path);
  const files = await run.workplace.files();
  const settled = await settleReplicas({ context, session, files, keep, over, conflict }).catch(
    (error: unknown) => {
      throw over.aborted ? new InterruptedError() : error;
    },
  );
  run.settled(settled.kept.settled === 'normal' ? 'settled' : 'conflict remains');
  if (context.json) context.printJson({ ...keptJson(settled), keep: whose, failures: [] });
  else context.print(keptText(settled, context.surroundings.now()));
  if (settled.replaced) context.terminal.err(`what was replaced is in ${settled.replaced}\n`);
}

function keepOf(whose: string, servers: readonly string[]): ReplicaKeep {
  if (whose === 'both' || whose === 'newest') return { kind: whose };
  if (servers.includes(whose)) return { kind: 'server', server: whose };
  throw new UsageError(
    `Servers differ from each other here, so that --keep takes newest, both or one of ${servers.map(printable).join(', ')}, not ${whose}`,
  );
}

/** What the servers tell of the conflict: who wrote what. A mounted Coda tells nothing. */
async function conflictOf(context: Context, path: string): Promise<ServerConflict | undefined> {
  if (!context.isEmbedded()) return undefined;
  let found: ServerConflict | undefined;
  for await (const conflict of conflictsAt(context, undefined))
    if (conflict.kind === 'server/server' && conflict.path === path) found = conflict;
  return found;
}

/** Lists in what the replicas differ. Leaves all as it was. */
export async function listServerSession(context: Context, run: RepairRun): Promise<void> {
  const { path, type, kind, client, servers, isResumed } = run.begun;
  const object = run.workplace.toUserPath(path);
  const session = run.replicas;
  const now = context.surroundings.now();
  const all = await session.replicas();
  const versions = [];
  for (const replica of all.filter(isAnswering)) {
    const status = await session.status(replica, '');
    if (status) versions.push(versionOf(replica, status));
  }
  const { differences } = type === 'directory' ? await compareReplicas(session) : { differences: [] };
  const silent = all.filter((replica) => !isAnswering(replica));
  const naming = { object, now };
  if (isSession(run.state)) await run.abort();
  else run.leaveAsFound();
  if (context.json) {
    context.printJson({
      path: object,
      ...{ type, kind, client, servers, isUnderRepair: isResumed },
      versions: versions.map((version) => ({ ...version, modified: isoTime(version.modified) })),
      differences: differences.map((each) => differenceJson(each, sentenceFor(each, naming))),
      silent: silent.map(({ server }) => server),
      failures: [],
    });
    return;
  }
  const lines = versions.map((version) => describeVersion(version, now).join(', '));
  if (type === 'file') context.print(lines.map((line) => `${line}\n`).join(''));
  else context.print(differences.map((each) => `${sentenceFor(each, naming)}\n`).join(''));
  if (silent.length > 0) context.terminal.err(silentText(silent));
}

function versionOf({ server }: Replica, { type, length, mode, ownerName, modified }: ReplicaStatus) {
  const shown = type === 'mount point' ? 'symlink' : type;
  return { place: server, host: server, type: shown, length, mode, ownerName, modified };
}

function differenceJson(difference: Difference, sentence: string): object {
  const name = 'name' in difference ? { name: difference.name } : {};
  const holders = 'holders' in difference ? difference.holders : [];
  return {
    kind: difference.kind,
    ...name,
    ...(difference.kind === 'rights' ? { user: difference.user, side: difference.side } : {}),
    sentence,
    holders: holders.map(({ replica, status }) => {
      const { modified, ...rest } = versionOf(replica, status);
      return { ...rest, modified: isoTime(modified) };
    }),
    lacking: 'lacking' in difference ? difference.lacking.map(({ server }) => server) : [],
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
