import type { LocalMutation, Obstruction, PreserveHow, Verdict } from '../../../ipc/repairs.ts';
import { errno as errnoOf } from '../../../ipc/errno.ts';
import type { VenusError } from '../../../ipc/errors.ts';
import type { LogRecord } from '../log/record.ts';

/** A record as repair tells of it. @param object path of the object under repair, from the root of its volume */
export function toLocalMutation(record: LogRecord, object: string): LocalMutation {
  const { sequence, time, mutation } = record;
  const common = { sequence, time, path: below(record.path, object) };
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'remove':
    case 'rmdir':
      return { ...common, op: mutation.op };
    case 'symlink':
      return { ...common, op: 'symlink', target: mutation.target };
    case 'link':
      return { ...common, op: 'link', to: common.path };
    case 'rename':
      return { ...common, op: 'rename', to: below(record.toPath ?? mutation.toName, object) };
    case 'store':
      return { ...common, op: 'store', length: mutation.length };
    case 'chmod':
      return { ...common, op: 'chmod', mode: mutation.mode };
    case 'chown':
      return { ...common, op: 'chown', owner: mutation.owner };
    case 'utimes':
      return { ...common, op: 'utimes', modified: mutation.modified };
  }
}

/** A path as it is below the object; one that is not below it stands as it is. */
function below(path: string, object: string): string {
  if (path === object) return '';
  if (object === '') return path;
  return path.startsWith(`${object}/`) ? path.slice(object.length + 1) : path;
}

const byErrno: ReadonlyMap<number, Obstruction> = new Map([
  [errnoOf('EEXIST'), 'exists'],
  [errnoOf('ENOTDIR'), 'exists'],
  [errnoOf('EISDIR'), 'exists'],
  [errnoOf('ENOENT'), 'gone'],
  [errnoOf('EINCOMPATIBLE'), 'updated'],
  [errnoOf('ENOTEMPTY'), 'not empty'],
  [errnoOf('EDQUOT'), 'no room'],
  [errnoOf('ENOSPC'), 'no room'],
  [errnoOf('ETIMEDOUT'), 'unreachable'],
  [errnoOf('EACCES'), 'denied'],
]);

export const NO_CONFLICT: Verdict = { kind: 'no conflict' };

/** What a server's refusal of a mutation means. What it does not name is a matter of rights. */
export function verdictOf(
  mutation: LocalMutation,
  { errno, why }: Pick<VenusError, 'errno'> & { readonly why?: string | undefined },
): Verdict {
  const found = byErrno.get(errno) ?? 'denied';
  const isName = mutation.op === 'rename' || mutation.op === 'remove' || mutation.op === 'rmdir';
  const obstruction = found === 'gone' && isName ? 'missing' : found;
  const target = mutation.op === 'rename' && obstruction === 'exists' ? mutation.to : mutation.path;
  return { kind: 'conflict', obstruction, target, ...(why === undefined ? {} : { why }) };
}

/** A mutation with the name that it was to get. */
export function asNamed(mutation: LocalMutation, how: PreserveHow | undefined): LocalMutation {
  if (how?.onConflict !== 'rename') return mutation;
  const renamed = (path: string) => `${path.slice(0, path.lastIndexOf('/') + 1)}${how.name}`;
  if (mutation.op === 'rename') return { ...mutation, to: renamed(mutation.to) };
  return { ...mutation, path: renamed(mutation.path) };
}
