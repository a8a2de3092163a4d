import { ProtocolError } from '../../ipc/errors.ts';
import {
  type ConflictReport,
  type LocalConflict,
  type ServerConflict,
  type Version,
  conflictLineSchema,
} from '../../ipc/repairs.ts';
import { toQueryName } from '../../ipc/socket/routes.ts';
import { explainConflict } from '../../repair/conflictList.ts';
import { authorOf } from '../../repair/serverConflictText.ts';
import { describeVersion } from '../../repair/commands/look.ts';
import { shellWord } from '../../term/shellWord.ts';
import { printable } from '../../term/printable.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';

export const conflicts: Command = {
  usage: 'coda conflicts [--exit-code] [<path>]',
  summary: 'list all conflicts: what happened on each side, who, when, and what waits behind it',
  description: [
    'Of the volume that a path lies in, or of all: what you did at this client and the servers refuse, and what servers have done apart from each other and could not merge. The list comes from the tables of venus and of the servers, so that it is as fast in a large tree as in a small one. It changes nothing.',
    'The status is 0 when the list was made; with --exit-code it is 6 when there are conflicts.',
  ],
  options: [{ flags: '--exit-code', summary: 'end with 6 if there are conflicts' }],
  examples: ['coda conflicts', 'coda conflicts --json /coda/example.org/usr/jan'],
  words: { max: 1 },

  async run(context, [typed], options) {
    const found: object[] = [];
    for await (const conflict of conflictsAt(context, typed)) {
      found.push(toJson(context, conflict));
      if (!context.json) context.print(textOf(context, conflict));
    }
    if (context.json) context.printJson({ conflicts: found, failures: [] });
    else if (found.length === 0) context.print('No conflicts.\n');
    if (options.flag('exit-code') && found.length > 0) context.count(ExitStatus.Conflict);
  },
};

/**
 * The conflicts of the volume that a path lies in, or of all, from the tables of venus and of the servers. Tells on stderr
 * which servers did not answer.
 */
export async function* conflictsAt(
  context: Context,
  typed: string | undefined,
): AsyncGenerator<ConflictReport> {
  const http = await context.http('coda conflicts');
  const query = typed === undefined ? '' : `?path=${toQueryName((await context.target(typed)).path)}`;
  for await (const line of http.lines({ method: 'GET', route: `/conflicts${query}` }, conflictLineSchema)) {
    if ('end' in line) {
      if (line.silent.length > 0) context.terminal.err(silentText(line.silent));
      return;
    }
    yield line;
  }
  throw new ProtocolError('the list of conflicts is cut short');
}

function silentText(servers: readonly string[]): string {
  const they = servers.length === 1 ? 'it knows' : 'they know';
  return `${servers.map(printable).join(', ')} cannot be reached: what only ${they} to be in conflict is not listed\n`;
}

function textOf(context: Context, conflict: ConflictReport): string {
  const path = context.userPath(`/coda${conflict.path}`);
  const now = context.surroundings.now();
  const lines = [
    `${printable(path)}${conflict.isExpanded ? ' (under repair)' : ''}`,
    `  ${explainConflict(conflict)}`,
    ...(conflict.kind === 'server/server' ? serverLines(conflict, now) : localLines(conflict, now)),
    `  next: coda resolve ${shellWord(path)} --keep both, or look at it: repair ${shellWord(path)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function localLines({ refused, waiting, versions }: LocalConflict, now: number): readonly string[] {
  return [
    ...versions.map((version) => `  ${describeVersion(version, now).join(', ')}`),
    `  ${refused === 1 ? '1 change is' : `${refused} changes are`} refused${waiting > 0 ? `, ${waiting} of the volume wait behind` : ''}`,
  ];
}

/** What each server has: of the names that it is about, or of the object itself. */
function serverLines(conflict: ServerConflict, now: number): readonly string[] {
  const { names, versions, silent } = conflict;
  const lineOf = (version: Version, path: string) => {
    const author = authorOf(conflict, version.place, path) ?? version.ownerName;
    return `  ${describeVersion({ ...version, ownerName: author }, now).join(', ')}`;
  };
  const ofNames = names
    .filter(hasVersion)
    .flatMap(({ name, versions: held }) =>
      held.map((version) => `  ${printable(name)}:${lineOf(version, name).slice(1)}`),
    );
  const ofObject = versions.map((version) => lineOf(version, ''));
  return [
    ...(ofNames.length > 0 ? ofNames : ofObject),
    ...silent.map((server) => `  ${printable(server)} does not answer: what it has is not known`),
  ];
}

/** Whether some server has something by a name: after a rename there may be nothing. */
function hasVersion({ versions }: ServerConflict['names'][number]): boolean {
  return versions.some(({ type }) => type !== 'none');
}

function toJson(context: Context, conflict: ConflictReport): object {
  const { path, versions } = conflict;
  const common = { path: context.userPath(`/coda${path}`), versions: versions.map(versionJson) };
  if (conflict.kind === 'server/server') {
    const { names, divergences, ...rest } = conflict;
    return {
      ...rest,
      ...common,
      names: names.map((each) => ({ name: each.name, versions: each.versions.map(versionJson) })),
      divergences: divergences.map((each) => ({ ...each, time: isoTime(each.time) })),
    };
  }
  const { mutation, ...rest } = conflict;
  return { ...rest, ...common, mutation: { ...mutation, time: isoTime(mutation.time) } };
}

function versionJson(version: Version): object {
  return { ...version, modified: isoTime(version.modified) };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
