import type { Fid } from '../../ipc/fid.ts';
import type { StoreId } from '../../ipc/versionVector.ts';

/** One change of a volume's tree, as a modify log keeps it (spec/cml.md, 1.1). Fids are the client's choice. */
export type Mutation =
  | ({ readonly op: 'create' } & NewObject)
  | ({ readonly op: 'mkdir' } & NewObject)
  | ({ readonly op: 'symlink'; readonly target: string } & NewObject)
  | { readonly op: 'link'; readonly parent: Fid; readonly name: string; readonly fid: Fid }
  | {
      readonly op: 'rename';
      readonly fromParent: Fid;
      readonly fromName: string;
      readonly toParent: Fid;
      readonly toName: string;
      readonly fid: Fid;
    }
  | {
      readonly op: 'remove';
      readonly parent: Fid;
      readonly name: string;
      readonly fid: Fid;
      /** Names of the object before this one goes. */
      readonly linkCount: number;
    }
  | { readonly op: 'rmdir'; readonly parent: Fid; readonly name: string; readonly fid: Fid }
  | { readonly op: 'store'; readonly fid: Fid; readonly length: number }
  | { readonly op: 'chmod'; readonly fid: Fid; readonly mode: number }
  | { readonly op: 'chown'; readonly fid: Fid; readonly owner: number }
  /** Milliseconds since 1970. */
  | { readonly op: 'utimes'; readonly fid: Fid; readonly modified: number };

interface NewObject {
  readonly parent: Fid;
  readonly name: string;
  readonly fid: Fid;
  readonly mode: number;
}

/** A mutation as it is sent to a server. */
export interface SentMutation {
  readonly storeId: StoreId;
  /** When it was made; milliseconds since 1970. */
  readonly time: number;
  readonly mutation: Mutation;
  /** The last update of the file or link that the client knew when it made this one; none for a directory. */
  readonly base: StoreId | undefined;
  /** Of a store: the contents, sent before. */
  readonly handle: number | undefined;
}

/** The last update of an object that a client knew before its own. */
export interface KnownUpdate {
  readonly fid: Fid;
  readonly storeId: StoreId;
}

/** Whether an object begins with a mutation. */
export function isMaking({ op }: Mutation): boolean {
  return op === 'create' || op === 'mkdir' || op === 'symlink';
}

/** The directories in which names come or go. */
export function directoriesOf(mutation: Mutation): readonly Fid[] {
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'link':
    case 'remove':
    case 'rmdir':
      return [mutation.parent];
    case 'rename':
      return [mutation.fromParent, mutation.toParent];
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes':
      return [];
  }
}
