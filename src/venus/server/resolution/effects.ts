import type { Fid } from '../../../ipc/fid.ts';
import type { Mutation } from '../../net/mutation.ts';
import type { Vnodes } from '../../tree/vnodes.ts';
import type { LoggedUpdate } from './loggedUpdate.ts';

export type Effects = Pick<LoggedUpdate, 'kind' | 'added' | 'removed' | 'made' | 'gone' | 'changed'>;

export const NO_EFFECTS = { added: [], removed: [], made: [], gone: [], changed: [] } as const;

/** What a mutation that is about to be performed will do to a volume. */
export function effectsOf(vnodes: Vnodes, mutation: Mutation): Effects {
  const { fid } = mutation;
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink': {
      const { parent: directory, name } = mutation;
      return { ...NO_EFFECTS, kind: 'make', added: [{ directory, name, fid }], made: [fid] };
    }
    case 'link':
      return {
        ...NO_EFFECTS,
        kind: 'link',
        added: [{ directory: mutation.parent, name: mutation.name, fid }],
      };
    case 'rename': {
      const { fromParent, fromName, toParent, toName } = mutation;
      return {
        ...NO_EFFECTS,
        kind: 'rename',
        removed: [{ directory: fromParent, name: fromName, fid }],
        added: [{ directory: toParent, name: toName, fid }],
      };
    }
    case 'remove':
    case 'rmdir': {
      const removed = [{ directory: mutation.parent, name: mutation.name, fid }];
      return { ...NO_EFFECTS, kind: 'remove', removed, gone: hasOtherNames(vnodes, fid) ? [] : [fid] };
    }
    case 'store':
      return { ...NO_EFFECTS, kind: 'store', changed: [fid] };
    case 'chmod':
    case 'chown':
    case 'utimes':
      return { ...NO_EFFECTS, kind: 'status', changed: [fid] };
  }
}

function hasOtherNames(vnodes: Vnodes, fid: Fid): boolean {
  const vnode = vnodes.find(fid);
  return vnode?.type === 'file' && vnode.linkCount > 1;
}

/** The objects whose versions an update counts up, as far as they still exist. */
export function touchedBy({ added, removed, made, changed }: Effects): readonly Fid[] {
  const touched = new Map<number, Fid>();
  const names = [...added, ...removed].flatMap(({ directory, fid }) => [directory, fid]);
  for (const fid of [...names, ...made, ...changed]) touched.set(fid.vnode, fid);
  return [...touched.values()];
}
