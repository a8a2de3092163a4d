/** What a server/server conflict is, for somebody who has never seen one. */
import { splitPath } from '../ipc/codaPath.ts';
import type { ConflictCause, Divergence, ServerConflict } from '../ipc/repairs.ts';
import { printable } from '../term/printable.ts';

/** Deeds that are told of; more are counted. */
const TOLD = 4;

/** Who did what at which servers, and why that does not go together. */
export function explainServerConflict(conflict: ServerConflict): string {
  const { divergences, causes, type, path } = conflict;
  const object = splitPath(path).entry;
  const deeds = divergences
    .filter((each) => each.op !== 'repair' && !isFirstStore(each, divergences))
    .map((each) => `on ${serversOf(each.servers)} ${printable(each.user)} ${deedOf(each, object, type)}`);
  const told = deeds.slice(-TOLD);
  const more = deeds.length > TOLD ? `, and ${deeds.length - TOLD} more changes before` : '';
  const kinds = [...new Set(causes.map(({ kind }) => kind))];
  const obstacles = kinds.map((kind) => {
    const names = causes.flatMap((cause) => (cause.kind === kind ? (cause.name ?? []) : []));
    return obstacleOf(kind, names.map(printable).join(' and ') || printable(object), type);
  });
  const why = obstacles.length > 0 ? obstacles.join('; ') : unknownObstacle(type);
  return told.length > 0
    ? `While servers did not reach each other, ${told.join(', ')}${more}: ${why}.`
    : `The servers have different versions: ${why}.`;
}

/**
 * Who wrote what a server has: who made the last of the updates that others have not. Undefined where they do not tell.
 * @param path from the object in conflict
 */
export function authorOf({ divergences }: ServerConflict, server: string, path: string): string | undefined {
  return divergences.findLast((each) => (each.to ?? each.path) === path && each.servers.includes(server))
    ?.user;
}

/** What is put into a new file at once belongs to its making. */
function isFirstStore(each: Divergence, all: readonly Divergence[]): boolean {
  return (
    each.op === 'store' &&
    all.some(
      ({ op, path, user, servers }) =>
        op === 'make' && path === each.path && user === each.user && servers.join() === each.servers.join(),
    )
  );
}

function serversOf(servers: readonly string[]): string {
  return servers.map(printable).join(' and ');
}

function deedOf({ op, path, to }: Divergence, object: string, type: ServerConflict['type']): string {
  const name = printable(path === '' ? object : path);
  switch (op) {
    case 'make':
      return `made ${name}`;
    case 'link':
      return `gave a file the further name ${name}`;
    case 'rename':
      return `renamed ${name} to ${printable(to ?? '?')}`;
    case 'remove':
      return `removed ${name}`;
    case 'store':
      return `stored ${name}`;
    case 'status':
      return `changed ${path === '' && type === 'directory' ? 'mode, owner or time' : `mode, owner or time of ${name}`}`;
    case 'acl':
      return 'changed the access list';
    case 'repair':
      return `repaired ${name}`;
  }
}

function obstacleOf(kind: ConflictCause['kind'], names: string, type: ServerConflict['type']): string {
  switch (kind) {
    case 'name/name':
      return `different things have the name ${names}`;
    case 'update/update':
      return unknownObstacle(type);
    case 'remove/update':
      return `what one side removed, another one used (${names})`;
    case 'rename/rename':
      return `a thing has got different names or places (${names})`;
    case 'rename/remove':
      return `what one side renamed, another one removed (${names})`;
    case 'cycle':
      return `directories would come to lie inside each other (${names})`;
    case 'dependent':
      return `${names} waits for another conflict to be settled`;
  }
}

function unknownObstacle(type: ServerConflict['type']): string {
  return type === 'directory'
    ? 'its servers do not agree about it'
    : 'there are several versions, and none has all that the others have';
}
