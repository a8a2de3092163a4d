/** Writes a dump of a volume with one sparse file of a size and 2,000 small ones to stdout. */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { DumpWriter } from '../src/dump/dumpWriter.ts';
import type { IndexEntry, ObjectStatus } from '../src/dump/record.ts';
import { StateDigest, fingerprint } from '../src/dump/state.ts';

const [STDOUT, DIRECTORIES, FILES, PIECE, STEP] = [1, 10, 2000, 256 * 1024, 1024n ** 3n];
const size = BigInt(process.argv[2] ?? 0);
const versionVector = { versions: [1, 0, 0, 0, 0, 0, 0, 0], storeId: { host: 1, unique: 1 }, flags: 0 };
const common = { owner: -999_999, mode: 0o644, modified: Date.UTC(2026, 10, 21), versionVector };
const root = { vnode: 1, unique: 1 };
const acl = { positive: [{ id: -999_999, rights: 127 }], negative: [] };

function directory(at: number): ObjectStatus {
  const id = { vnode: 2 * at + 1, unique: 2 * at + 1 };
  const place =
    at === 0 ? { id: root, parent: undefined, names: [] } : { id, parent: root, names: [`dir${at}`] };
  return { ...common, ...place, type: 'directory', ...acl };
}

function file(at: number): ObjectStatus {
  const id = { vnode: 2 * at + 2, unique: 2 * at + 2 };
  const parent =
    at === 0 ? root : { vnode: 2 * ((at % DIRECTORIES) + 1) + 1, unique: 2 * ((at % DIRECTORIES) + 1) + 1 };
  const length = at === 0 ? size : BigInt(at);
  return { ...common, id, parent, names: [at === 0 ? 'sparse' : `file${at}`], type: 'file', length };
}

const objects = [
  ...Array.from({ length: DIRECTORIES + 1 }, (_, at) => directory(at)),
  ...Array.from({ length: FILES + 1 }, (_, at) => file(at)),
];
const state = new StateDigest();
const entries = objects
  .map((status): IndexEntry => ({ ...status.id, fingerprint: fingerprint(status, status.names) }))
  .sort((a, b) => a.vnode - b.vnode);
for (const entry of entries) state.add(entry);

const id = new Uint8Array(randomBytes(16));
const writer = new DumpWriter(id);
const write = (bytes: Uint8Array) => {
  for (let at = 0; at < bytes.length;) at += writeSync(STDOUT, bytes, at);
};
const none = new Uint8Array(0);
const volume = {
  id: 0,
  name: 'u.seed',
  minQuota: 0,
  maxQuota: 0,
  blocksUsed: 0n,
  offlineMessage: none,
  messageOfTheDay: none,
};
const next = { nextDirectory: 10_001, nextFile: 10_000, nextUnique: 10_000 };
const about = {
  created: Date.now(),
  realm: 'bench.realm',
  server: 's1',
  volume: { ...volume, ...next },
  base: undefined,
};
for (const frame of writer.header({ kind: 'header', id, ...about })) write(frame);
write(writer.record({ kind: 'index', entries }));
const count = BigInt(objects.length);
write(
  writer.record({
    kind: 'index-end',
    objects: count,
    dumpedObjects: count,
    dumpedBytes: size,
    state: state.finish(),
  }),
);
write(
  writer.record({
    kind: 'principals',
    principals: [{ id: -999_999, type: 'group', name: 'System:Administrators' }],
  }),
);
for (const status of objects) {
  for (const frame of writer.object(status)) write(frame);
  if (status.type === 'file' && status.id.vnode === 2) writeSparse(status.id);
  else if (status.type === 'file')
    write(
      writer.record({ kind: 'data', id: status.id, offset: 0n, bytes: randomBytes(Number(status.length)) }),
    );
}
write(writer.trailer());

/** A piece of data at the start of each GiB. */
function writeSparse(sparse: typeof root): void {
  for (let at = 0n; at < size; at += STEP) {
    write(writer.record({ kind: 'data', id: sparse, offset: at, bytes: randomBytes(PIECE) }));
    const [from, to] = [at + BigInt(PIECE), at + STEP < size ? at + STEP : size];
    write(writer.record({ kind: 'hole', id: sparse, offset: from, length: to - from }));
  }
}
