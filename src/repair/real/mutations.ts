import type { LocalMutation } from '../../ipc/repairs.ts';

export function isMaking(mutation: LocalMutation): boolean {
  return mutation.op === 'create' || mutation.op === 'mkdir' || mutation.op === 'symlink';
}

/** Whether it is about a name, and not about what has the name. */
export function isNameOnly(mutation: LocalMutation): boolean {
  return mutation.op === 'rename' || mutation.op === 'remove' || mutation.op === 'rmdir';
}

/** Attributes of the object under repair itself: they say nothing about what is below it. */
export function isOfWhole(mutation: LocalMutation): boolean {
  return mutation.path === '' && ['chmod', 'chown', 'utimes'].includes(mutation.op);
}

/** Where its object is afterwards. */
export function targetOf(mutation: LocalMutation): string {
  return 'to' in mutation ? mutation.to : mutation.path;
}

export function pathsOf(mutation: LocalMutation): readonly string[] {
  return 'to' in mutation ? [mutation.path, mutation.to] : [mutation.path];
}
