import {
  type DataRecord,
  type HoleRecord,
  type NamesRecord,
  type ObjectId,
  type ObjectRecord,
  type ObjectStatus,
  isDirectory,
  sameObject,
} from './record.ts';

export type ObjectItem =
  | { readonly kind: 'object'; readonly status: ObjectStatus }
  | DataRecord
  | HoleRecord
  | { readonly kind: 'file-end'; readonly id: ObjectId; readonly isWhole: boolean }
  /** A record that does not belong here. */
  | { readonly kind: 'misfit'; readonly what: string };

/** Of a file with impossibly many names no more are kept. */
const MAX_NAMES = 1_000_000;

/** Puts objects together: status, the names that follow it, and contents without a gap. */
export class ObjectReader {
  /** An object of which names are still to come. */
  #pending:
    { readonly status: ObjectStatus; readonly names: string[]; readonly nameCount: number } | undefined;
  /** A file of which contents are still to come. */
  #file: { readonly id: ObjectId; readonly length: bigint; reached: bigint; isWhole: boolean } | undefined;
  #last: ObjectId | undefined;

  *read(record: ObjectRecord | NamesRecord | DataRecord | HoleRecord): Generator<ObjectItem> {
    if (record.kind === 'object') yield* this.#begin(record);
    else if (record.kind === 'names') yield* this.#addNames(record);
    else yield* this.#addContents(record);
  }

  /** What is under way will not go on. */
  *finish(): Generator<ObjectItem> {
    if (this.#pending) yield { kind: 'misfit', what: 'an object has fewer names than it says' };
    this.#pending = undefined;
    if (!this.#file) return;
    const { id } = this.#file;
    this.#file = undefined;
    yield { kind: 'file-end', id, isWhole: false };
    yield { kind: 'misfit', what: 'the contents of a file are not whole' };
  }

  *#begin({ status, nameCount }: ObjectRecord): Generator<ObjectItem> {
    yield* this.finish();
    if (this.#last && !comesAfter(status.id, this.#last)) {
      yield { kind: 'misfit', what: 'objects are in another order than they can be' };
      return;
    }
    this.#last = status.id;
    if (nameCount > MAX_NAMES) yield { kind: 'misfit', what: 'an object has too many names' };
    else if (status.names.length === nameCount) yield* this.#start(status);
    else this.#pending = { status, names: [...status.names], nameCount };
  }

  *#addNames({ id, names }: NamesRecord): Generator<ObjectItem> {
    const pending = this.#pending;
    if (!pending || !sameObject(pending.status.id, id)) {
      yield { kind: 'misfit', what: 'names belong to no object' };
      return;
    }
    for (const name of names) pending.names.push(name);
    if (pending.names.length > pending.nameCount) {
      this.#pending = undefined;
      yield { kind: 'misfit', what: 'an object has more names than it says' };
    } else if (pending.names.length === pending.nameCount) {
      this.#pending = undefined;
      yield* this.#start({ ...pending.status, names: pending.names });
    }
  }

  *#start(status: ObjectStatus): Generator<ObjectItem> {
    yield { kind: 'object', status };
    if (status.type !== 'file') return;
    this.#file = { id: status.id, length: status.length, reached: 0n, isWhole: true };
    yield* this.#endFile();
  }

  *#addContents(record: DataRecord | HoleRecord): Generator<ObjectItem> {
    const file = this.#file;
    const length = record.kind === 'data' ? BigInt(record.bytes.length) : record.length;
    if (!file || !sameObject(file.id, record.id)) {
      yield { kind: 'misfit', what: 'contents belong to no file' };
      return;
    }
    if (record.offset !== file.reached || record.offset + length > file.length || length === 0n) {
      file.isWhole = false;
      yield { kind: 'misfit', what: 'the contents of a file do not follow each other' };
      return;
    }
    file.reached += length;
    yield record;
    yield* this.#endFile();
  }

  *#endFile(): Generator<ObjectItem> {
    if (!this.#file || this.#file.reached < this.#file.length) return;
    const { id, isWhole } = this.#file;
    this.#file = undefined;
    yield { kind: 'file-end', id, isWhole };
  }
}

/** Directories come first; both they and the others in the order of their numbers. */
function comesAfter(id: ObjectId, last: ObjectId): boolean {
  if (isDirectory(id) !== isDirectory(last)) return isDirectory(last);
  return id.vnode > last.vnode;
}
