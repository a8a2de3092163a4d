/** The names that only venus knows: files, volumes, people, servers. */
import { parseAcl } from '../../../acl/accessList.ts';
import { call } from '../../../ipc/call.ts';
import { getAcl } from '../../../ipc/calls/getAcl.ts';
import { CodaError } from '../../../ipc/errors.ts';
import {
  daemonStatusSchema,
  groupListSchema,
  linkListSchema,
  userListSchema,
  volumeListSchema,
} from '../../../ipc/socket/routes.ts';
import type { WordKind } from '../../command.ts';
import type { Context } from '../../context.ts';
import type { Candidate, Wanted } from './wanted.ts';

/** Names of a directory that are offered at most; who has more types more. */
const MOST = 5000;

/** What fits, in any order and perhaps more than once. What cannot be found out is left out. */
export async function askedNames(context: Context, wanted: Wanted): Promise<readonly Candidate[]> {
  const { kind, typed, before, words } = wanted;
  if (kind === 'path') return (await pathsAt(context, typed)).map((word) => ({ word: before + word }));
  const names = await namesOf(context, kind, typed, words);
  return names.filter((name) => name.startsWith(typed)).map((name) => ({ word: before + name }));
}

async function namesOf(
  context: Context,
  kind: Exclude<WordKind, 'path'>,
  typed: string,
  words: readonly string[],
): Promise<readonly string[]> {
  switch (kind) {
    case 'volume':
      return volumes(context);
    case 'user':
      return users(context);
    case 'group':
      return groups(context);
    case 'principal':
      return all([namesInAcl(context, words[0]), users(context), groups(context)]);
    case 'rights':
      return ['all', 'none', 'rl', 'rlidwk', 'rlidwka'];
    case 'server':
      return servers(context);
    case 'client or server':
      return linkEnds(context);
    case 'realm':
      return (await context.realms()).map((realm) => (typed.startsWith('@') ? `@${realm}` : realm));
    case 'user at realm':
      return usersAtRealms(context, typed);
    case 'local file':
    case 'command':
    case 'shell':
    case 'other':
      return [];
  }
}

/** What some of several know: one that fails, as a server that does not answer, takes nothing from the others. */
async function all(asked: readonly Promise<readonly string[]>[]): Promise<readonly string[]> {
  const answers = await Promise.allSettled(asked);
  for (const answer of answers)
    if (answer.status === 'rejected' && !(answer.reason instanceof CodaError)) throw answer.reason;
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

/** Names as they were begun, directories with a slash behind them. */
async function pathsAt(context: Context, typed: string): Promise<readonly string[]> {
  const slash = typed.lastIndexOf('/') + 1;
  const [directory, begun] = [typed.slice(0, slash), typed.slice(slash)];
  const root = context.userPath('/coda');
  if (directory === `${root}/` && context.address().kind === 'socket')
    return startingWith(await context.realms(), begun).map((realm) => `${directory}${realm}/`);
  // Above Coda there is only the way to it.
  if (directory.startsWith('/') && `${root}/`.startsWith(directory))
    return `${root}/`.startsWith(typed) ? [`${root}/`] : [];
  const { path } = await context.target(directory === '' ? '.' : directory.replace(/(?<=.)\/+$/, ''));
  const found: string[] = [];
  for await (const { name, type } of (await context.files()).readdir(path)) {
    if (!name.startsWith(begun) || (begun === '' && name.startsWith('.'))) continue;
    found.push(`${directory}${name}${type === 'directory' ? '/' : ''}`);
    if (found.length === MOST) break;
  }
  return found;
}

function startingWith(names: readonly string[], begun: string): readonly string[] {
  return names.filter((name) => name.startsWith(begun));
}

async function namesInAcl(context: Context, directory: string | undefined): Promise<readonly string[]> {
  if (directory === undefined) return [];
  const { path } = await context.target(directory);
  const { positive, negative } = parseAcl(await call(await context.venus(), getAcl, path), 'reply');
  return [...positive, ...negative].map(({ name }) => name);
}

/** The realm itself tells who there is; the venus of a mounted Coda has no request for it. */
async function users(context: Context): Promise<readonly string[]> {
  const http = await context.http('completion');
  const found = await http.json({ method: 'GET', route: '/realm/users' }, userListSchema);
  return found.users.map(({ name }) => name);
}

async function groups(context: Context): Promise<readonly string[]> {
  const http = await context.http('completion');
  const found = await http.json({ method: 'GET', route: '/realm/groups' }, groupListSchema);
  return found.groups.map(({ name }) => name);
}

async function volumes(context: Context): Promise<readonly string[]> {
  const http = await context.http('completion');
  const found = await http.json({ method: 'GET', route: '/realm/volumes' }, volumeListSchema);
  return found.volumes.map(({ name }) => name);
}

async function servers(context: Context): Promise<readonly string[]> {
  const http = await context.http('completion');
  const found = await http.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
  return found.servers.map(({ name }) => name);
}

async function linkEnds(context: Context): Promise<readonly string[]> {
  const http = await context.http('completion');
  const { links } = await http.json({ method: 'GET', route: '/realm/links' }, linkListSchema);
  return links.flatMap((link) => ('client' in link ? [link.client, link.server] : [link.server, link.peer]));
}

async function usersAtRealms(context: Context, typed: string): Promise<readonly string[]> {
  const realms = await context.realms();
  const at = typed.lastIndexOf('@');
  const names = at >= 0 ? [typed.slice(0, at)] : ['', ...(await all([users(context)]))];
  return names.flatMap((name) => realms.map((realm) => `${name}@${realm}`));
}
