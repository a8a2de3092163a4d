import { ProtocolError } from '../../ipc/errors.ts';
import { type ConflictReport, conflictLineSchema } from '../../ipc/repairs.ts';
import { toQueryName } from '../../ipc/socket/routes.ts';
import { explainConflict } from '../../repair/conflictList.ts';
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
    'Of the volume that a path lies in, or of all. The list comes from the tables of venus, so that it is as fast in a large tree as in a small one. It changes nothing.',
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

/** The conflicts of the volume that a path lies in, or of all, from the tables of venus. */
export async function* conflictsAt(
  context: Context,
  typed: string | undefined,
): AsyncGenerator<ConflictReport> {
  const http = await context.http('coda conflicts');
  const query = typed === undefined ? '' : `?path=${toQueryName((await context.target(typed)).path)}`;
  for await (const line of http.lines({ method: 'GET', route: `/conflicts${query}` }, conflictLineSchema)) {
    if ('end' in line) return;
    yield line;
  }
  throw new ProtocolError('the list of conflicts is cut short');
}

function textOf(context: Context, conflict: ConflictReport): string {
  const path = context.userPath(`/coda${conflict.path}`);
  const { refused, waiting, versions, isExpanded } = conflict;
  const now = context.surroundings.now();
  const lines = [
    `${printable(path)}${isExpanded ? ' (under repair)' : ''}`,
    `  ${explainConflict(conflict)}`,
    ...versions.map((version) => `  ${describeVersion(version, now).join(', ')}`),
    `  ${refused === 1 ? '1 change is' : `${refused} changes are`} refused${waiting > 0 ? `, ${waiting} of the volume wait behind` : ''}`,
    `  next: coda resolve ${shellWord(path)} --keep both, or look at it: repair ${shellWord(path)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function toJson(context: Context, { path, mutation, versions, ...rest }: ConflictReport): object {
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  return {
    path: context.userPath(`/coda${path}`),
    ...rest,
    mutation: { ...mutation, time: time(mutation.time) },
    versions: versions.map((version) => ({ ...version, modified: time(version.modified) })),
  };
}
