/** What a fix file says: which operations make each replica of a directory what it should be (spec/repair.md, 10 and 11). */
import { CodaError } from '../errors.ts';
import type { Fid } from '../fid.ts';

/** A directory in the volume of the fix file. */
export type DirectoryId = Pick<Fid, 'vnode' | 'unique'>;

export const createKeywords = ['createf', 'created', 'creates', 'createl'] as const;
/** A file, a directory, a link or mount point; `createl` is a further name of what the replica has already. */
export type CreateKeyword = (typeof createKeywords)[number];

export type FixOperation =
  /** The fid is that of the replicated volume. What is made is empty: its contents come by resolution. */
  | { readonly op: CreateKeyword; readonly name: string; readonly fid: Fid }
  /** `removed` takes a directory with all below it. */
  | { readonly op: 'removefsl' | 'removed'; readonly name: string }
  | {
      readonly op: 'mv';
      readonly from: string;
      readonly to: string;
      /** The replicated volume. */
      readonly volume: number;
      readonly source: DirectoryId;
      readonly target: DirectoryId;
    }
  /** No rights take the entry away; `setnacl` is about negative rights. */
  | { readonly op: 'setacl' | 'setnacl'; readonly user: string; readonly rights: number }
  | { readonly op: 'setmode'; readonly mode: number }
  | { readonly op: 'setowner'; readonly owner: number }
  /** Seconds since 1970. */
  | { readonly op: 'setmtime'; readonly seconds: number };
export type FixKeyword = FixOperation['op'];

/** Where something stands in a fix file. */
export type Place =
  | { readonly kind: 'line'; readonly line: number }
  /** Records and sections are counted from 1; the header has offset 0 and no record. */
  | { readonly kind: 'record'; readonly record: number; readonly offset: number }
  /** Nobody has written it to a file yet. */
  | { readonly kind: 'proposed' };

export interface FixStep {
  readonly operation: FixOperation;
  readonly place: Place;
}

/** What is to be done at one replica. */
export interface FixSection {
  /** For people only; the binary form does not have it. */
  readonly server: string;
  /** The volume of the replica. */
  readonly volume: number;
  readonly steps: readonly FixStep[];
  readonly place: Place;
}

export interface FixFile {
  readonly sections: readonly FixSection[];
}

/** Bytes of a name that venus and the servers read: they take 254 with the newline behind it. */
export const MAX_FIX_NAME = 253;
/** As many replicas as a volume can have. */
export const MAX_SECTIONS = 8;
export const MAX_MODE = 0o7777;
/** All bits of rights. */
export const MAX_RIGHTS = 0o177;
/** Servers cut an owner to 16 bits. */
export const MAX_OWNER = 0xffff;

/** A fix file that cannot be read, or must not be sent. */
export class FixFileError extends CodaError {
  readonly code = 'fix-file';
  readonly place: Place;
  readonly reason: string;

  /** @param file as it is to be named in the message @param reason a sentence without its full stop */
  constructor(file: string, place: Place, reason: string) {
    super(`${file}: ${placeText(place)}: ${reason}`, {
      why: 'Servers do not survive every fix file, so that nothing of one with a mistake is sent.',
      next: 'Correct the file, or let compareDirs write it anew.',
    });
    this.place = place;
    this.reason = reason;
  }
}

function placeText(place: Place): string {
  switch (place.kind) {
    case 'line':
      return `Syntax error, line ${place.line}`;
    case 'record':
      return place.record === 0
        ? `Error at byte ${place.offset}`
        : `Error in record ${place.record} at byte ${place.offset}`;
    case 'proposed':
      return 'Error in what is proposed';
  }
}

export function isCreate(operation: FixOperation): operation is Extract<FixOperation, { readonly fid: Fid }> {
  return 'fid' in operation;
}

export function isRemove(
  operation: FixOperation,
): operation is Extract<FixOperation, { readonly op: 'removefsl' | 'removed' }> {
  return operation.op === 'removefsl' || operation.op === 'removed';
}
