import { type Fid, formatFid } from '../../../ipc/fid.ts';
import type { Mutation } from '../../net/mutation.ts';

/** One object of the log that another one stands for in the workspace. */
export interface MappedFid {
  readonly from: Fid;
  readonly to: Fid;
}

/** Which objects of the workspace stand for those of the log: all others are themselves. */
export class FidMap {
  readonly #to = new Map<string, Fid>();

  constructor(mapped: readonly MappedFid[]) {
    this.add(mapped);
  }

  add(mapped: readonly MappedFid[]): void {
    for (const { from, to } of mapped) this.#to.set(formatFid(from), to);
  }

  of(fid: Fid): Fid {
    return this.#to.get(formatFid(fid)) ?? fid;
  }

  /** A mutation as it is to be made in the workspace. */
  apply(mutation: Mutation): Mutation {
    const fid = this.of(mutation.fid);
    switch (mutation.op) {
      case 'create':
      case 'mkdir':
      case 'symlink':
      case 'link':
      case 'remove':
      case 'rmdir':
        return { ...mutation, fid, parent: this.of(mutation.parent) };
      case 'rename':
        return {
          ...mutation,
          fid,
          fromParent: this.of(mutation.fromParent),
          toParent: this.of(mutation.toParent),
        };
      case 'store':
      case 'chmod':
      case 'chown':
      case 'utimes':
        return { ...mutation, fid };
    }
  }
}
