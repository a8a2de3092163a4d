import { decodeText, encodeText } from '../../../ipc/text.ts';
import type { Mutation } from '../../net/mutation.ts';
import type { LogRecord } from './record.ts';

/** A record as the store keeps it: names as bytes, since the store would not keep every byte of a text. */
export type StoredRecord = StoredFacts &
  ({ readonly toPath?: never } | /* a rename: */ { readonly toPath: Uint8Array });
type StoredFacts = Omit<LogRecord, 'mutation' | 'path' | 'toPath'> & {
  readonly mutation: StoredMutation;
  readonly path: Uint8Array;
};

type Stored<M> = {
  readonly [Key in keyof M]: Key extends 'op' ? M[Key] : M[Key] extends string ? Uint8Array : M[Key];
};
type StoredMutation = Mutation extends infer M ? (M extends Mutation ? Stored<M> : never) : never;

export function toStored(record: LogRecord): StoredRecord {
  const { mutation, path, toPath, ...rest } = record;
  return {
    ...rest,
    mutation: encodeNames(mutation),
    path: encodeText(path),
    ...(toPath === undefined ? {} : { toPath: encodeText(toPath) }),
  };
}

/** Copies the record as a whole and replaces its names: to take them out first would be six times as slow. */
export function fromStored(record: StoredRecord): LogRecord {
  const names = { mutation: decodeNames(record.mutation), path: decodeText(record.path) };
  return record.toPath === undefined
    ? { ...record, ...names }
    : { ...record, ...names, toPath: decodeText(record.toPath) };
}

function encodeNames(mutation: Mutation): StoredMutation {
  switch (mutation.op) {
    case 'symlink':
      return { ...mutation, name: encodeText(mutation.name), target: encodeText(mutation.target) };
    case 'create':
    case 'mkdir':
    case 'link':
    case 'remove':
    case 'rmdir':
      return { ...mutation, name: encodeText(mutation.name) };
    case 'rename':
      return { ...mutation, fromName: encodeText(mutation.fromName), toName: encodeText(mutation.toName) };
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes':
      return mutation;
  }
}

function decodeNames(mutation: StoredMutation): Mutation {
  switch (mutation.op) {
    case 'symlink':
      return { ...mutation, name: decodeText(mutation.name), target: decodeText(mutation.target) };
    case 'create':
    case 'mkdir':
    case 'link':
    case 'remove':
    case 'rmdir':
      return { ...mutation, name: decodeText(mutation.name) };
    case 'rename':
      return { ...mutation, fromName: decodeText(mutation.fromName), toName: decodeText(mutation.toName) };
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes':
      return mutation;
  }
}
