/** Looking at local mutations and at the versions they are about. */
import type { LocalMutation, Version } from '../../ipc/repairs.ts';
import { printable } from '../../term/printable.ts';
import { formatListTime } from '../../term/time.ts';
import type { CommandDefinition, Outcome } from '../commandDefinition.ts';
import type { RepairRun } from '../repairRun.ts';
import { describeStatus, vectorText } from '../replicas/replicaTexts.ts';
import {
  ALL_PROCESSED,
  countOf,
  explanationOf,
  listedMutation,
  mutationText,
  verdictText,
} from '../texts.ts';

export const listLocal: CommandDefinition = {
  name: 'listLocal',
  aliases: [],
  summary: 'list the local mutations of the object, oldest first',
  help: ['All of them, decided or not, as they stand in the modify log. show has the decisions.'],
  arguments: [],
  onInterrupt: 'give up',
  async run(run) {
    const { mutations } = await run.session.document();
    const lines = mutations.map(({ mutation }) => `${listedMutation({ object: run.object }, mutation)}\n`);
    run.conversation.print(`local mutations are:\n\n${lines.join('')}`);
    return 'done';
  },
};

export const checkLocal: CommandDefinition = {
  name: 'checkLocal',
  aliases: [],
  summary: 'say which local mutation is the current one, and what is in its way',
  help: ['Nothing changes. show tells more: whose versions there are, and what the obstacle means.'],
  arguments: [],
  onInterrupt: 'give up',
  async run(run) {
    const checked = await run.session.check();
    const shown = { object: run.object };
    run.conversation.print(
      checked === undefined
        ? `${ALL_PROCESSED}\n`
        : `local mutation: ${mutationText(shown, 'local', checked.mutation)}\n${verdictText(shown, checked.verdict)}\n`,
    );
    return 'done';
  },
};

export const show: CommandDefinition = {
  name: 'show',
  aliases: ['showReplicas'],
  summary: 'show the decisions, the current mutation and whose versions of its object there are',
  help: [
    'Versions are named by host, user, date and size, so that nobody has to guess what "local" is. Where the servers differ among each other: what each of them has.',
  ],
  arguments: [],
  onInterrupt: 'give up',
  async run(run) {
    if (run.isOfServers) return showReplicas(run);
    const { client, servers } = run.begun;
    run.conversation.print(
      `local is what was done at ${printable(client)}; global is what ${servers.map(printable).join(', ')} ` +
        `${servers.length === 1 ? 'has' : 'have'}\n${await decisionsOf(run)}`,
    );
    const checked = await run.session.check();
    if (checked === undefined) {
      run.conversation.print(`${ALL_PROCESSED}\n`);
      return 'done';
    }
    const { mutation, verdict } = checked;
    const shown = { object: run.object };
    run.conversation.print(
      `current: ${mutationText(shown, 'local', mutation)}, made ${time(run, mutation.time)}\n` +
        `${verdictText(shown, verdict)}\n${printable(explanationOf(verdict))}\n`,
    );
    run.conversation.print(await versionsText(run, subjectOf(mutation)));
    return 'done';
  },
};

/** Whose versions there are, and how often each was updated. */
async function showReplicas(run: RepairRun): Promise<Outcome> {
  const { replicas, conversation } = run;
  const now = run.workplace.now();
  for (const replica of await replicas.replicas()) {
    const status = replica.versionVector && (await replicas.status(replica, ''));
    const what =
      replica.versionVector && status
        ? `${describeStatus(status, now)}, VV:${vectorText(replica.versionVector)}`
        : 'does not answer';
    conversation.print(`${printable(replica.server)}: ${what}\n`);
  }
  return 'done';
}

async function decisionsOf(run: RepairRun): Promise<string> {
  const { mutations } = await run.session.document();
  const shown = { object: run.object };
  return mutations
    .filter(({ decision }) => decision !== undefined)
    .map(({ mutation, decision }) => `${decision ?? ''}: ${mutationText(shown, 'local', mutation)}\n`)
    .join('');
}

/** The object that a mutation is about, where it makes or finds it. */
export function subjectOf(mutation: LocalMutation): string {
  return mutation.op === 'rename' || mutation.op === 'link' ? mutation.to : mutation.path;
}

export async function versionsText(run: RepairRun, path: string): Promise<string> {
  const versions = await run.session.versions(path);
  const rows = versions.map((version) => [
    printable(version.place),
    ...describeVersion(version, run.workplace.now()),
  ]);
  const width = Math.max(0, ...rows.map(([place = '']) => place.length));
  return rows.map(([place = '', ...rest]) => `${place.padEnd(width)}  ${rest.join(', ')}\n`).join('');
}

/** As `laptop, luqi, 19603 bytes, Dec 20 00:51`. */
export function describeVersion(version: Version, now: number): readonly string[] {
  const host = printable(version.host);
  if (version.type === 'none') return [host, 'nothing by this name'];
  const sizes = {
    file: countOf(version.length, 'byte'),
    directory: 'directory',
    symlink: `link to ${printable(version.target ?? '?')}`,
  };
  return [host, printable(version.ownerName), sizes[version.type], formatListTime(version.modified, now)];
}

function time(run: RepairRun, milliseconds: number): string {
  return formatListTime(milliseconds, run.workplace.now());
}
