/**
 * What a repair says about replicas: the words that people know (spec/repair.md, 8, 9 and 18), and sentences that explain
 * them to those who do not. Names are made harmless for a terminal.
 */
import { formatRights } from '../../acl/rights.ts';
import { joinPath } from '../../ipc/codaPath.ts';
import type { VersionVector } from '../../ipc/versionVector.ts';
import { printable } from '../../term/printable.ts';
import { formatListTime } from '../../term/time.ts';
import { countOf } from '../texts.ts';
import type { CommandName } from '../stateTable.ts';
import type { Difference, DirectoryHolder, Holder } from './differences.ts';
import type { Replica, ReplicaStatus } from './replica.ts';

/** How things are named in a session. */
export interface Naming {
  /** The object under repair, as the user sees it. */
  readonly object: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What begin says of a session with replicas. @param commands those to be named */
export function serverSessionBegun(commands: readonly CommandName[]): string {
  return [
    'a server-server-conflict repair session started',
    'use the following commands to repair the conflict:',
    ...commands.map((name) => `\t${name.toLowerCase()}`),
    '',
  ].join('\n');
}

export const OBJECT_TO_COMPARE = 'Pathname of Object in conflict?';
export const WRITTEN_FIX_FILE = 'Pathname of repair file produced?';
export const APPLIED_FIX_FILE = 'Pathname of fix file?';
export const NAMES_QUESTION = 'Do you want to repair the name/name conflicts  [yes] ';
export const ONLY_VERSION =
  'The fix file may be empty but .... \nYou still need a dorepair because the Version state is different\n';

export function entryPath({ object }: Naming, { server }: Replica, name: string): string {
  return printable(joinPath(joinPath(object, server), name));
}

/** The entries of a name/name conflict, as they are listed before the questions about them. */
export function nameListing({ now }: Naming, holders: readonly Holder[]): string {
  const lines = holders.map(({ status }) => `${listedStatus(status, now)}\n`);
  const fids = holders.map(({ status }) => `\t${listedIdentity(status)}\n`);
  return `\n${lines.join('')}\n${fids.join('')}`;
}

/** As `-rw-r--r--  1 raiff           0 Dec 20 13:10`. */
function listedStatus(status: ReplicaStatus, now: number): string {
  const kind = { file: '-', directory: 'd', symlink: 'l', 'mount point': 'm' }[status.type];
  const mode = Array.from({ length: 9 }, (_, at) => ((status.mode >> (8 - at)) & 1 ? 'rwx'[at % 3] : '-'));
  const columns = [
    `${kind}${mode.join('')}`,
    String(status.linkCount).padStart(2),
    printable(status.ownerName).padEnd(8),
    String(status.length).padStart(8),
    formatListTime(status.modified, now),
  ];
  return columns.join(' ');
}

/** As `Fid: (0xb0.612) VV:(0 2 0 0 0 0 0 0)(0x8002f23e.30c6e9aa)`. */
function listedIdentity({ fid, versionVector }: ReplicaStatus): string {
  return `Fid: (0x${fid.vnode.toString(16)}.${fid.unique.toString(16)}) VV:${vectorText(versionVector)}`;
}

export function vectorText({ versions, storeId }: VersionVector): string {
  return `(${versions.join(' ')})(0x${storeId.host.toString(16)}.${storeId.unique.toString(16)})`;
}

export function removalQuestion(path: string): string {
  return `Should ${path} be removed?  [no] `;
}

/** What two objects that keep a name are told to be. */
export function twoKept(name: string, objects: readonly string[]): string {
  const fids = objects.map((key) => {
    const [vnode = '', unique = ''] = key.split('.');
    return `(${vnode.padStart(8, '0')}.${unique.padStart(8, '0')})`;
  });
  return `Please try to rename or remove one of the two objects:\n${fids.join(' and ')} with name ${printable(name)}\n`;
}

/** One difference in a sentence, with who wrote which version when. */
export function sentenceFor(difference: Difference, naming: Naming): string {
  switch (difference.kind) {
    case 'name/name':
      return `"${printable(difference.name)}" names different objects: ${each(difference.holders, naming)}.`;
    case 'missing':
      return missingSentence(difference, naming);
    case 'renamed': {
      const places = difference.holders.map(
        ({ replica, location }) => `${printable(replica.server)} has it as ${printable(location.path)}`,
      );
      const without = serversOf(difference.lacking);
      const gone = without === '' ? '' : `, and ${without} ${haveNot(difference.lacking)}`;
      return `One object was renamed: ${places.join(', ')}${gone}.`;
    }
    case 'update':
      return `"${printable(difference.name)}" has different versions${
        difference.isConflict
          ? ' that are in conflict, and is repaired by itself when this directory is'
          : ', of which the newest is taken by itself'
      }: ${each(difference.holders, naming)}.`;
    case 'mode':
      return `The mode differs: ${values(difference.directories, ({ mode }) => mode.toString(8))}.`;
    case 'owner':
      return `The owner differs: ${values(difference.directories, ({ owner, ownerName }) => (ownerName === String(owner) ? ownerName : `${ownerName} (${owner})`))}.`;
    case 'rights': {
      const rights = difference.rights.map(
        (one) => `${printable(one.replica.server)} ${formatRights(one.rights) || 'none'}`,
      );
      const what = difference.side === 'positive' ? 'rights' : 'negative rights';
      return `The ${what} of ${printable(difference.user)} differ: ${rights.join(', ')}.`;
    }
    case 'quota':
      return `Your volume quota is different on the various replicas: ${values(difference.directories, ({ quotas }) => `${quotas?.max ?? 0}`)}. You SHOULD talk to one of the system administrators soon.`;
    case 'version':
      return `The entries are the same, and were updated differently often: ${values(difference.directories, ({ versionVector }) => vectorText(versionVector))}.`;
  }
}

function missingSentence(difference: Extract<Difference, { kind: 'missing' }>, naming: Naming): string {
  const { name, holders, lacking, why } = difference;
  const reasons = {
    new: 'never had it',
    removed: 'had it once: it was removed there',
    link: `${lacking.length === 1 ? 'has' : 'have'} the object by another name only`,
  };
  return `"${printable(name)}" is not everywhere: ${each(holders, naming)}, and ${serversOf(lacking)} ${reasons[why]}.`;
}

function each(holders: readonly Holder[], { now }: Naming): string {
  return holders
    .map(({ replica, status }) => `${printable(replica.server)} has ${describeStatus(status, now)}`)
    .join(', ');
}

/** As `a file of 12 bytes that raiff wrote Dec 20 13:10`. */
export function describeStatus(status: ReplicaStatus, now: number): string {
  const what = {
    file: `a file of ${countOf(status.length, 'byte')}`,
    directory: 'a directory',
    symlink: 'a link',
    'mount point': 'a mount point',
  }[status.type];
  return `${what} that ${printable(status.ownerName)} wrote ${formatListTime(status.modified, now)}`;
}

function values(
  directories: readonly DirectoryHolder[],
  value: (status: DirectoryHolder['status']) => string,
): string {
  return directories
    .map(({ replica, status }) => `${printable(replica.server)} ${printable(value(status))}`)
    .join(', ');
}

function serversOf(replicas: readonly Replica[]): string {
  return replicas.map(({ server }) => printable(server)).join(', ');
}

function haveNot(replicas: readonly Replica[]): string {
  return replicas.length === 1 ? 'does not have it' : 'do not have it';
}

/** What remains for servers that do not answer. */
export function silentText(silent: readonly Replica[]): string {
  if (silent.length === 0) return '';
  const they = silent.length === 1 ? 'it is' : 'they are';
  return `WARNING: ${serversOf(silent)} cannot be reached. The others are repaired; the object stays in conflict with what ${they} missing until ${they} back and it is repaired once more.\n`;
}
