/** Writes dumps of volumes that never were, so that a bench has many or large objects within seconds. */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { DumpWriter } from '../src/dump/dumpWriter.ts';
import type { DumpRecord, IndexEntry, ObjectId, ObjectStatus } from '../src/dump/record.ts';
import { StateDigest, fingerprint } from '../src/dump/state.ts';

const STDOUT = 1;
/** Entries in one record of the list of objects. */
const BATCH = 10_000;
const ADMINISTRATORS = -999_999;
const versionVector = { versions: [1, 0, 0, 0, 0, 0, 0, 0], storeId: { host: 1, unique: 1 }, flags: 0 };

export const ROOT: ObjectId = { vnode: 1, unique: 1 };
const common = { owner: ADMINISTRATORS, mode: 0o644, modified: Date.UTC(2026, 10, 21), versionVector };
const acl = { positive: [{ id: ADMINISTRATORS, rights: 127 }], negative: [] };

export function rootDirectory(): ObjectStatus {
  return { ...common, ...acl, type: 'directory', id: ROOT, parent: undefined, names: [] };
}

/** @param at 0 is not the root, but the first one in it */
export function directory(at: number, name: string): ObjectStatus {
  return { ...common, ...acl, type: 'directory', id: directoryId(at), parent: ROOT, names: [name] };
}

export function directoryId(at: number): ObjectId {
  return { vnode: 2 * at + 3, unique: 2 * at + 3 };
}

export function file(at: number, parent: ObjectId, name: string, length: bigint): ObjectStatus {
  const id = { vnode: 2 * at + 2, unique: 2 * at + 2 };
  return { ...common, id, parent, names: [name], type: 'file', length };
}

/** @param dataOf the records of a file's contents */
export function writeDump(
  objects: readonly ObjectStatus[],
  dataOf: (file: ObjectStatus & { readonly type: 'file' }) => Iterable<DumpRecord>,
): void {
  const id = new Uint8Array(randomBytes(16));
  const dump = new DumpWriter(id);
  for (const frame of dump.header(header(id, objects.length))) write(frame);
  const entries = objects
    .map((status): IndexEntry => ({ ...status.id, fingerprint: fingerprint(status, status.names) }))
    .sort((a, b) => a.vnode - b.vnode);
  const state = new StateDigest();
  for (const entry of entries) state.add(entry);
  for (let at = 0; at < entries.length; at += BATCH)
    write(dump.record({ kind: 'index', entries: entries.slice(at, at + BATCH) }));
  const count = BigInt(objects.length);
  const dumpedBytes = objects.reduce((sum, each) => sum + (each.type === 'file' ? each.length : 0n), 0n);
  const counts = { objects: count, dumpedObjects: count, dumpedBytes };
  write(dump.record({ kind: 'index-end', ...counts, state: state.finish() }));
  const name = 'System:Administrators';
  write(dump.record({ kind: 'principals', principals: [{ id: ADMINISTRATORS, type: 'group', name }] }));
  for (const status of objects) {
    for (const frame of dump.object(status)) write(frame);
    if (status.type === 'file') for (const record of dataOf(status)) write(dump.record(record));
  }
  write(dump.trailer());
}

function header(id: Uint8Array, objects: number) {
  const none = new Uint8Array(0);
  const next = 2 * objects + 10_000;
  const volume = {
    id: 0,
    name: 'u.seed',
    minQuota: 0,
    maxQuota: 0,
    blocksUsed: 0n,
    offlineMessage: none,
    messageOfTheDay: none,
    nextDirectory: next + 1,
    nextFile: next,
    nextUnique: next,
  };
  const place = { realm: 'bench.realm', server: 's1' };
  return { kind: 'header', id, created: Date.now(), ...place, volume, base: undefined } as const;
}

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(STDOUT, bytes, at);
}
