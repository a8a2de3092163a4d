/** What can be said about conflicts as a whole: who did what, in words, and where to settle them together. */
import type { ConflictReport, LocalConflict, LocalMutation, Verdict } from '../ipc/repairs.ts';
import { splitPath } from '../ipc/codaPath.ts';
import { explainServerConflict } from './serverConflictText.ts';
import { printable } from '../term/printable.ts';

/** A sentence for somebody who has never seen a conflict. */
export function explainConflict(conflict: ConflictReport): string {
  return conflict.kind === 'server/server' ? explainServerConflict(conflict) : explainLocal(conflict);
}

function explainLocal(conflict: LocalConflict): string {
  const { mutation, verdict, versions, path } = conflict;
  const object = splitPath(path).entry;
  const host = printable(versions.find(({ place }) => place === 'local')?.host ?? 'this client');
  return `On ${host} you ${deedOf(mutation, object)}, ${obstacleOf(verdict, object)}.`;
}

function deedOf(mutation: LocalMutation, object: string): string {
  const name = printable(mutation.path || object);
  switch (mutation.op) {
    case 'store':
      return `stored ${name} (${mutation.length} bytes)`;
    case 'create':
      return `made the file ${name}`;
    case 'mkdir':
      return `made the directory ${name}`;
    case 'symlink':
      return `made the link ${name}`;
    case 'link':
      return `gave a file the further name ${printable(mutation.to)}`;
    case 'rename':
      return `renamed ${name} to ${printable(mutation.to)}`;
    case 'remove':
    case 'rmdir':
      return `removed ${name}`;
    case 'chmod':
      return `changed the mode of ${name} to ${mutation.mode.toString(8).padStart(4, '0')}`;
    case 'chown':
      return `changed the owner of ${name}`;
    case 'utimes':
      return `set the time of ${name}`;
  }
}

function obstacleOf(verdict: Verdict, object: string): string {
  if (verdict.kind === 'no conflict') return 'and nothing is in its way any more';
  const target = printable(verdict.target || object);
  switch (verdict.obstruction) {
    case 'exists':
      return `but meanwhile somebody else had made another ${target}`;
    case 'missing':
      return `but meanwhile ${target} was moved or removed on the servers`;
    case 'gone':
      return 'but meanwhile it, or the directory it was in, was removed on the servers';
    case 'updated':
      return `but meanwhile somebody else had changed it`;
    case 'not empty':
      return `but meanwhile somebody had put something into ${target}`;
    case 'denied':
      return 'but your rights do not allow it any more';
    case 'no room':
      return 'but the quota of the volume has no room for it';
    case 'dependent':
      return 'which needs another change that is in conflict itself';
    case 'unreachable':
      return 'and the servers cannot be asked about it';
  }
}

/**
 * The objects to be repaired for some conflicts to be settled together: for each volume the directory that all of its
 * conflicts are in. Where one of them is under repair already, the others of its volume are settled one by one, those
 * above others first.
 */
export function workplacesOf(conflicts: readonly LocalConflict[]): readonly string[] {
  const byVolume = new Map<string, LocalConflict[]>();
  for (const conflict of conflicts) {
    const volume = conflict.fid.slice(0, conflict.fid.indexOf('.'));
    const others = byVolume.get(volume);
    if (others) others.push(conflict);
    else byVolume.set(volume, [conflict]);
  }
  return [...byVolume.values()].flatMap((inVolume) => {
    const paths = inVolume.map(({ path }) => path);
    return inVolume.some(({ isExpanded }) => isExpanded) ? outermost(paths) : [paths.reduce(commonPath)];
  });
}

/** Without those that are below others. */
export function outermost(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => isBelow(path, other)));
}

export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function commonPath(one: string, other: string): string {
  const [mine, theirs] = [one.split('/'), other.split('/')];
  const differs = mine.findIndex((component, at) => component !== theirs[at]);
  return (differs < 0 ? mine : mine.slice(0, differs)).join('/');
}
