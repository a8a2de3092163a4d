import fc from 'fast-check';
import { DumpReader, type DumpItem } from '../../src/dump/dumpReader.ts';
import { DumpWriter } from '../../src/dump/dumpWriter.ts';
import type {
  DumpedPrincipal,
  HeaderRecord,
  IndexEntry,
  ObjectId,
  ObjectStatus,
} from '../../src/dump/record.ts';
import { StateDigest, fingerprint } from '../../src/dump/state.ts';
import { concatBytes, decodeText } from '../../src/ipc/text.ts';

/** A part of a file's contents: bytes, or a hole of a length. */
export type Part = Uint8Array | bigint;

export interface DumpedObject {
  readonly status: ObjectStatus;
  readonly parts: readonly Part[];
}

export interface DumpPlan {
  readonly header: HeaderRecord;
  readonly principals: readonly DumpedPrincipal[];
  readonly removed: readonly ObjectId[];
  /** In the order of the dump. */
  readonly objects: readonly DumpedObject[];
}

export const noVolume = {
  id: 0x7f000009,
  name: 'u.test',
  minQuota: 0,
  maxQuota: 0,
  blocksUsed: 0n,
  offlineMessage: new Uint8Array(0),
  messageOfTheDay: new Uint8Array(0),
  nextDirectory: 101,
  nextFile: 100,
  nextUnique: 200,
};

export function header(id: Uint8Array, base?: HeaderRecord['base']): HeaderRecord {
  const about = { created: Date.UTC(2026, 10, 21), realm: 'test.realm', server: 's1' };
  return { kind: 'header', id, ...about, volume: noVolume, base };
}

/** The frames of a dump, as venus writes them. */
export function framesOf({ header: head, principals, removed, objects }: DumpPlan): readonly Uint8Array[] {
  const writer = new DumpWriter(head.id);
  const state = new StateDigest();
  const entries = objects
    .map(({ status }): IndexEntry => ({ ...status.id, fingerprint: fingerprint(status, status.names) }))
    .sort((a, b) => a.vnode - b.vnode);
  for (const entry of entries) state.add(entry);
  const count = BigInt(objects.length);
  const bytes = objects.reduce((sum, { parts }) => sum + lengthOf(parts), 0n);
  const about = { objects: count, dumpedObjects: count, dumpedBytes: bytes };
  return [
    ...writer.header(head),
    writer.record({ kind: 'index', entries }),
    writer.record({ kind: 'index-end', ...about, state: state.finish() }),
    ...(principals.length > 0 ? [writer.record({ kind: 'principals', principals })] : []),
    ...(removed.length > 0 ? [writer.record({ kind: 'removed', objects: removed })] : []),
    ...objects.flatMap((object) => [...framesOfObject(writer, object)]),
    writer.trailer(),
  ];
}

function* framesOfObject(writer: DumpWriter, { status, parts }: DumpedObject): Generator<Uint8Array> {
  yield* writer.object(status);
  let offset = 0n;
  for (const part of parts) {
    const { id } = status;
    yield typeof part === 'bigint'
      ? writer.record({ kind: 'hole', id, offset, length: part })
      : writer.record({ kind: 'data', id, offset, bytes: part });
    offset += lengthOf([part]);
  }
}

export function lengthOf(parts: readonly Part[]): bigint {
  return parts.reduce(
    (sum: bigint, part) => sum + (typeof part === 'bigint' ? part : BigInt(part.length)),
    0n,
  );
}

export function dumpOf(plan: DumpPlan): Uint8Array {
  return concatBytes(framesOf(plan));
}

/** Everything that a reader says of a dump that comes in pieces; views of bytes are copied. */
export function readAll(dump: Uint8Array, isTolerant: boolean, piece = dump.length): readonly DumpItem[] {
  const reader = new DumpReader({ isTolerant });
  const items: DumpItem[] = [];
  const keep = (item: DumpItem) =>
    items.push(item.kind === 'data' ? { ...item, bytes: Uint8Array.from(item.bytes) } : item);
  for (let at = 0; at < dump.length; at += piece)
    for (const item of reader.push(dump.subarray(at, at + piece))) keep(item);
  for (const item of reader.end()) keep(item);
  return items;
}

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const small = fc.integer({ min: 1, max: 0xfffe_ffff });
const i32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const nameText = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => decodeText(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x80 : byte))))
  .filter((name) => name !== '.' && name !== '..');
const rights = fc.array(fc.record({ id: i32, rights: u32 }), { maxLength: 4 });
const text = fc.uint8Array({ maxLength: 40 });
const id = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const parts = fc.array(
  fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.bigInt({ min: 1n, max: 2n ** 45n })),
  { maxLength: 4 },
);
const common = fc.record({
  owner: i32,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  modified: fc.double({ noNaN: true, noDefaultInfinity: true }),
  versionVector: fc.record({
    versions: fc.array(i32, { minLength: 8, maxLength: 8 }),
    storeId: fc.record({ host: u32, unique: u32 }),
    flags: u32,
  }),
});

const root = fc
  .record({ common, positive: rights, negative: rights })
  .map(({ common: status, ...lists }): DumpedObject => {
    const place = { id: { vnode: 1, unique: 1 }, parent: undefined, names: [] };
    return { status: { ...status, ...place, type: 'directory', ...lists }, parts: [] };
  });

const inRoot = { vnode: 1, unique: 1 };
const others = fc.array(
  fc.record({
    common,
    unique: small,
    names: fc.array(nameText, { minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom('directory', 'file', 'symlink'),
    positive: rights,
    negative: rights,
    target: text,
    parts,
  }),
  { maxLength: 12 },
);

/** A dump of anything: what it says need not make sense as a volume. */
export const anyDump = fc
  .record({
    id: id(16),
    base: fc.option(fc.record({ id: id(16), state: id(32) }), { nil: undefined }),
    created: fc.double({ noNaN: true, noDefaultInfinity: true }),
    volume: fc.record({
      id: u32,
      name: nameText,
      minQuota: i32,
      maxQuota: i32,
      blocksUsed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      offlineMessage: text,
      messageOfTheDay: text,
      nextDirectory: u32,
      nextFile: u32,
      nextUnique: u32,
    }),
    principals: fc.array(fc.record({ id: i32, type: fc.constantFrom('user', 'group'), name: nameText }), {
      maxLength: 4,
    }),
    removed: fc.array(fc.record({ vnode: fc.integer({ min: 2, max: 0xfffe_ffff }), unique: small }), {
      maxLength: 4,
    }),
    root,
    others,
  })
  .map(({ id: dumpId, base, created, volume, principals, removed, root: top, others: rest }): DumpPlan => {
    const about = { created, realm: 'test.realm', server: 's1' };
    const objects = rest.map(
      (
        { common: status, unique, names, kind, positive, negative, target, parts: contents },
        at,
      ): DumpedObject => {
        const place = (vnode: number) => ({ ...status, id: { vnode, unique }, parent: inRoot });
        const one = names.slice(0, 1);
        if (kind === 'directory')
          return { status: { ...place(2 * at + 3), names: one, type: kind, positive, negative }, parts: [] };
        if (kind === 'symlink')
          return { status: { ...place(2 * at + 2), names: one, type: kind, target }, parts: [] };
        const length = lengthOf(contents);
        return { status: { ...place(2 * at + 2), names, type: 'file', length }, parts: contents };
      },
    );
    const isDirectory = ({ status }: DumpedObject) => status.type === 'directory';
    return {
      header: { kind: 'header', id: dumpId, ...about, volume, base },
      principals,
      removed,
      objects: [top, ...objects.filter(isDirectory), ...objects.filter((object) => !isDirectory(object))],
    };
  });
