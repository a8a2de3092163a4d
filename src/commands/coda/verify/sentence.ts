import { formatRights } from '../../../acl/rights.ts';
import { parseAcl } from '../../../acl/accessList.ts';
import type { ComparedSums, Difference } from '../../../ipc/verify.ts';

type Server = Difference['servers'][number];

const words = {
  type: 'type',
  length: 'length',
  mode: 'mode',
  owner: 'owner',
  acl: 'access list',
  target: 'target of the link',
  modified: 'time of the last change',
  links: 'number of links',
} as const;

/** One difference as a sentence without its path: what differs, where, and which side lacks it. */
export function sentenceOf(difference: Difference): string {
  const { kind, type, servers, lacking } = difference;
  const what =
    type === undefined
      ? 'the object'
      : { file: 'the file', directory: 'the directory', symlink: 'the link' }[type];
  switch (kind) {
    case 'missing':
      return `${what} is missing at ${namesOf(lacking)}; ${having(difference)}.`;
    case 'lost object':
      return `the name is there at ${namesOf(lacking)}, but what it stands for is lost; ${having(difference)}.`;
    case 'unreadable':
      return `the contents are lost or damaged at ${namesOf(lacking)}.`;
    case 'other object':
      return `the name stands for different objects: ${valuesOf(servers)}.`;
    case 'conflict':
      return `${what} is in conflict, marked so at ${namesOf(lacking)}: it has to be repaired.`;
    case 'version':
      return lacking.length > 0
        ? `the version is behind at ${namesOf(lacking)}: ${valuesOf(servers)}.`
        : `the versions differ, and none has all updates: ${valuesOf(servers)}.`;
    case 'holes':
      return `${namesOf(lacking)} ${lacking.length === 1 ? 'lacks' : 'lack'} holes: the same contents take ${valuesOf(servers, ' bytes')}.`;
    case 'contents':
      return contentsSentence(difference);
    case 'type':
    case 'length':
    case 'mode':
    case 'owner':
    case 'acl':
    case 'target':
    case 'modified':
    case 'links': {
      const differs = `the ${words[kind]} differs`;
      const shown = kind === 'acl' ? servers.map(withAclText) : servers;
      return `${differs}${lacking.length > 0 ? ` at ${namesOf(lacking)}` : ''}: ${valuesOf(shown)}.`;
    }
  }
}

/** What was compared, as one line. */
export function sumsLine(sums: ComparedSums): string {
  const { objects, bytes, differences, conflicts, uncompared, volumes, mounts } = sums;
  const compared = unique(volumes.flatMap((volume) => volume.compared));
  const unreached = unique(volumes.flatMap((volume) => volume.unreached));
  const alone = volumes.filter((volume) => volume.compared.length === 1 && volume.unreached.length === 0);
  const parts = [
    count(objects, 'object'),
    count(bytes, 'byte'),
    count(differences, 'difference') + (conflicts > 0 ? ` (${count(conflicts, 'conflict')})` : ''),
    `${count(compared.length, 'server')} compared${compared.length > 0 ? `: ${compared.join(' ')}` : ''}`,
    ...(uncompared > 0 ? [`${count(uncompared, 'object')} not compared: refused`] : []),
    ...(mounts > 0 ? [`${count(mounts, 'mount point')} not crossed`] : []),
    ...(alone.length > 0 ? [`on one server only: ${alone.map(({ name }) => name).join(' ')}`] : []),
    ...(unreached.length > 0 ? [`INCOMPLETE, could not be reached: ${unreached.join(' ')}`] : []),
  ];
  return parts.join('; ');
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** `s1`, `s1 and s2`, `s1, s2 and s3`. */
export function namesOf(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

function contentsSentence({ servers, lacking, stretch }: Difference): string {
  const where = stretch === undefined ? '' : `, first in bytes ${stretch.from} to ${stretch.to}`;
  if (lacking.length === 0)
    return `the contents differ between ${namesOf(servers.map(({ name }) => name))}${where}; nothing tells which are right.`;
  const others = servers.map(({ name }) => name).filter((name) => !lacking.includes(name));
  return `the contents differ at ${namesOf(lacking)} from those at ${namesOf(others)}${where}.`;
}

function having({ servers, lacking }: Difference): string {
  const names = servers.map(({ name }) => name).filter((name) => !lacking.includes(name));
  return names.length === 0 ? 'nobody has it' : `${namesOf(names)} ${names.length === 1 ? 'has' : 'have'} it`;
}

/** Servers with the same value stand together. */
function valuesOf(servers: readonly Server[], unit = ''): string {
  const groups = new Map<string, string[]>();
  for (const { name, value = '' } of servers) groups.set(value, [...(groups.get(value) ?? []), name]);
  return [...groups].map(([value, names]) => `${value}${unit} at ${namesOf(names)}`).join(', ');
}

function withAclText(server: Server): Server {
  const { positive, negative } = parseAcl(server.value ?? '', 'reply');
  const shown = [
    ...positive.map(({ name, rights }) => `${name} ${formatRights(rights)}`),
    ...negative.map(({ name, rights }) => `-${name} ${formatRights(rights)}`),
  ];
  return { ...server, value: `(${shown.join(', ')})` };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
