/**
 * What a repair session says about local mutations, in the words that people know (spec/repair.md, 16 and 18). Names are
 * made harmless for a terminal; `splitWords` reads them back.
 */
import { joinPath, splitPath } from '../ipc/codaPath.ts';
import type { LocalMutation, Verdict } from '../ipc/repairs.ts';
import { printable } from '../term/printable.ts';
import type { CommandName } from './stateTable.ts';

/** Which side of the expanded object a path is to be shown on. */
export type Place = 'local' | 'global';

/** The object under repair, as the user names it. */
export interface ShownObject {
  readonly object: string;
}

export function placePath({ object }: ShownObject, place: Place, below: string): string {
  return printable(below === '' ? joinPath(object, place) : joinPath(joinPath(object, place), below));
}

/** As `mkdir /coda/…/local/figs`. */
export function mutationText(shown: ShownObject, place: Place, mutation: LocalMutation): string {
  const path = placePath(shown, place, mutation.path);
  switch (mutation.op) {
    case 'utimes':
      return `setattr ${path}`;
    case 'rename':
      return `rename ${path} -> ${placePath(shown, place, mutation.to)}`;
    case 'link':
      return `link ${path} to ${placePath(shown, place, mutation.to)}`;
    case 'symlink':
      return `symlink ${path} --> ${printable(mutation.target)}`;
    case 'store':
    case 'create':
    case 'mkdir':
    case 'remove':
    case 'rmdir':
    case 'chmod':
    case 'chown':
      return `${mutation.op} ${path}`;
  }
}

const listedWords: Readonly<Record<LocalMutation['op'], string>> = {
  store: 'Store',
  create: 'Create',
  mkdir: 'Mkdir',
  symlink: 'Symlink',
  link: 'Link',
  rename: 'Rename',
  remove: 'Remove',
  rmdir: 'Rmdir',
  chmod: 'Chmod',
  chown: 'Chown',
  utimes: 'Utime',
};
const LISTED_WIDTH = 8;

/** A line of listlocal, as `Store   /coda/…/local/paper.tex (length = 19603)`. */
export function listedMutation(shown: ShownObject, mutation: LocalMutation): string {
  const path = placePath(shown, 'local', mutation.path);
  return `${listedWords[mutation.op].padEnd(LISTED_WIDTH)}${path}${detailOf(shown, mutation)}`;
}

function detailOf(shown: ShownObject, mutation: LocalMutation): string {
  switch (mutation.op) {
    case 'store':
      return ` (length = ${mutation.length})`;
    case 'chown':
      return ` (owner = ${mutation.owner})`;
    case 'chmod':
      return ` (mode = ${mutation.mode.toString(8)})`;
    case 'symlink':
      return ` (--> ${printable(mutation.target)})`;
    case 'link':
      return ` to ${printable(splitPath(mutation.to).entry)}`;
    case 'rename':
      return ` (to: ${placePath(shown, 'local', mutation.to)})`;
    case 'create':
    case 'mkdir':
    case 'remove':
    case 'rmdir':
    case 'utimes':
      return '';
  }
}

/** As `conflict: target /coda/…/global/figs exist on servers`. */
export function verdictText(shown: ShownObject, verdict: Verdict): string {
  if (verdict.kind === 'no conflict') return 'no conflict';
  const target = placePath(shown, 'global', verdict.target);
  switch (verdict.obstruction) {
    case 'exists':
      return `conflict: target ${target} exist on servers`;
    case 'missing':
      return `conflict: target ${target} is missing on servers`;
    case 'gone':
      return `conflict: target ${target} no longer exists on servers`;
    case 'updated':
      return `conflict: target ${target} updated on servers`;
    case 'not empty':
      return `conflict: target ${target} not empty on servers`;
    case 'denied':
      return `conflict: acl check failure on parent ${target}`;
    case 'no room':
      return `conflict: target ${target} exceeds the quota on servers`;
    case 'dependent':
      return `conflict: target ${target} depends on a local mutation that was left out or is in conflict`;
    case 'unreachable':
      return `fetching target ${target} failed, please re-try!`;
  }
}

/** What a newcomer needs to know about an obstruction, for `show`. */
export function explanationOf(verdict: Verdict): string {
  if (verdict.kind === 'no conflict') return 'Nothing on the servers is in its way.';
  const meanings: Readonly<Record<typeof verdict.obstruction, string>> = {
    exists: 'Somebody has made something by this name on the servers meanwhile.',
    missing: 'Somebody has moved or removed it on the servers meanwhile.',
    gone: 'Somebody has removed it, or the directory it is in, on the servers meanwhile.',
    updated: 'Somebody has changed it on the servers meanwhile; your change would undo theirs.',
    'not empty': 'Somebody has put something into the directory meanwhile that you would remove with it.',
    denied: 'The access list on the servers does not allow you this (any more).',
    'no room': 'The quota of the volume does not suffice.',
    dependent: 'It builds on a mutation before it, which was left out or is in conflict itself.',
    unreachable: 'The servers do not answer; nobody can say whether something is in its way.',
  };
  return verdict.why ?? meanings[verdict.obstruction];
}

export const ALL_PROCESSED = 'all local mutations processed';
export const COMMIT_QUESTION = 'commit the local/global repair session?  [yes] ';
export const OBJECT_QUESTION = 'Pathname of object in conflict?';

/** What begin says of a session with local mutations. @param commands those to be named */
export function localSessionBegun(commands: readonly CommandName[]): string {
  return [
    'a local-global-conflict repair session started',
    'the conflict is caused by a reintegration failure',
    'use the following commands to repair the conflict:',
    ...commands.map((name) => `\t${name.toLowerCase()}`),
    'a list of local mutations is available in the .cml file in the coda spool directory',
    '',
  ].join('\n');
}

/** A question for a value, with the last one given as what an empty answer means. */
export function valueQuestion(question: string, last: string): string {
  return `${question}  [${printable(last)}] `;
}

export function countOf(number: number, one: string, many = `${one}s`): string {
  return number === 1 ? `1 ${one}` : `${number} ${many}`;
}
