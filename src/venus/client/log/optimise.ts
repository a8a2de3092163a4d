import { type Mutation, isMaking } from '../../net/mutation.ts';
import { sameFid } from '../../tree/vnodes.ts';
import type { LogRecord } from './record.ts';

/** What becomes of a log when a mutation is added to it. */
export interface Optimised {
  /** Records that it makes needless. */
  readonly cancelled: readonly LogRecord[];
  /** Whether it is needed itself. */
  readonly needed: boolean;
}

/** Whether a mutation can make any record needless, so that those about its object have to be looked at. */
export function canOptimise(mutation: Mutation): boolean {
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'link':
    case 'rename':
      return false;
    case 'remove':
      return mutation.linkCount === 1;
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes':
    case 'rmdir':
      return true;
  }
}

/**
 * What a new mutation makes needless (spec/cml.md, 1.2). The servers come to the same state without it.
 * @param earlier the records about the object, oldest first, of which none may have been sent
 * @param isAlone whether no other record is about the object as a directory
 */
export function optimise(mutation: Mutation, earlier: readonly LogRecord[], isAlone: boolean): Optimised {
  if (!canOptimise(mutation)) return cancelling([]);
  const about = earlier.filter((record) => sameFid(record.mutation.fid, mutation.fid));
  switch (mutation.op) {
    case 'store':
      return cancelling([...since(about, 'chown', ['store']), ...ofKind(about, 'utimes')]);
    case 'utimes':
    case 'chown':
      return cancelling(ofKind(about, mutation.op));
    case 'chmod':
      return cancelling(since(about, 'store', ['chmod']));
    case 'remove':
      return ending(about);
    case 'rmdir':
      return isAlone ? ending(about) : cancelling([]);
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'link':
    case 'rename':
      return cancelling([]);
  }
}

/** An object that goes: what was done to it is needless, and if it began in the log, so is its whole life. */
function ending(about: readonly LogRecord[]): Optimised {
  const contents = about.filter(({ mutation }) => ATTRIBUTES.has(mutation.op));
  const [first] = about;
  const hasMoved = about.some(({ mutation }) => mutation.op === 'rename' || mutation.op === 'link');
  if (first && isMaking(first.mutation) && !hasMoved) return { cancelled: about, needed: false };
  return cancelling(contents);
}

const ATTRIBUTES: ReadonlySet<Mutation['op']> = new Set(['store', 'chmod', 'chown', 'utimes']);

function cancelling(cancelled: readonly LogRecord[]): Optimised {
  return { cancelled, needed: true };
}

function ofKind(about: readonly LogRecord[], op: Mutation['op']): readonly LogRecord[] {
  return about.filter(({ mutation }) => mutation.op === op);
}

/** Records of some kinds after the last one that they may not be moved across. */
function since(
  about: readonly LogRecord[],
  barrier: Mutation['op'],
  kinds: readonly Mutation['op'][],
): readonly LogRecord[] {
  const last = about.findLastIndex(({ mutation }) => mutation.op === barrier);
  return about.slice(last + 1).filter(({ mutation }) => kinds.includes(mutation.op));
}
