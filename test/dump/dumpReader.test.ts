import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DumpItem } from '../../src/dump/dumpReader.ts';
import { DumpDamagedError } from '../../src/dump/errors.ts';
import { HEAD_SIZE, MAX_PAYLOAD, encodeFrame } from '../../src/dump/frame.ts';
import type { DirectoryStatus, FileStatus } from '../../src/dump/record.ts';
import { concatBytes } from '../../src/ipc/text.ts';
import { type DumpPlan, type Part, anyDump, dumpOf, framesOf, header, lengthOf, readAll } from './dumps.ts';

const ID = Uint8Array.from({ length: 16 }, (_, at) => at + 1);
const versionVector = { versions: [1, 0, 0, 0, 0, 0, 0, 0], storeId: { host: 1, unique: 1 }, flags: 0 };
const common = { owner: 500, mode: 0o644, modified: 0, versionVector };
const rootDirectory: DirectoryStatus = {
  ...common,
  id: { vnode: 1, unique: 1 },
  parent: undefined,
  names: [],
  type: 'directory',
  positive: [],
  negative: [],
};

function file(vnode: number, names: readonly string[], parts: readonly Part[]) {
  const place = { id: { vnode, unique: vnode }, parent: { vnode: 1, unique: 1 }, names };
  const status: FileStatus = { ...common, ...place, type: 'file', length: lengthOf(parts) };
  return { status, parts };
}

const data = (size: number, seed: number) =>
  Uint8Array.from({ length: size }, (_, at) => (at * 7 + seed) & 0xff);

/** Some forty frames, each file with contents of its own. */
const plan: DumpPlan = {
  header: header(ID),
  principals: [{ id: 500, type: 'user', name: 'jan' }],
  removed: [],
  objects: [
    { status: rootDirectory, parts: [] },
    ...Array.from({ length: 12 }, (_, at) =>
      file(2 * at + 2, [`file ${at}`], [data(100 + at, at), 4096n, data(50, at)]),
    ),
  ],
};
const dump = dumpOf(plan);

const of = <Kind extends DumpItem['kind']>(items: readonly DumpItem[], kind: Kind) =>
  items.filter((item): item is Extract<DumpItem, { readonly kind: Kind }> => item.kind === kind);

/** Contents that came whole, by vnode; a hole by its length. */
function wholeFiles(items: readonly DumpItem[]): ReadonlyMap<number, string> {
  const files = new Map<number, string>();
  let parts: string[] = [];
  for (const item of items) {
    if (item.kind === 'object') parts = [];
    if (item.kind === 'data') parts.push(Buffer.from(item.bytes).toString('hex'));
    if (item.kind === 'hole') parts.push(`hole of ${item.length}`);
    if (item.kind === 'file-end' && item.isWhole) files.set(item.id.vnode, parts.join());
  }
  return files;
}

describe('a dump', () => {
  it('is read as it was written, in pieces of any size', () => {
    fc.assert(
      fc.property(anyDump, fc.integer({ min: 1, max: 5000 }), (wanted, piece) => {
        const items = readAll(dumpOf(wanted), false, piece);
        expect(of(items, 'header')).toEqual([wanted.header]);
        expect(of(items, 'object').map(({ status }) => status)).toEqual(
          wanted.objects.map(({ status }) => status),
        );
        expect(of(items, 'principals').flatMap(({ principals }) => principals)).toEqual(wanted.principals);
        expect(of(items, 'removed').flatMap(({ objects }) => objects)).toEqual(wanted.removed);
        const parts = items.flatMap((item): Part[] =>
          item.kind === 'data' ? [item.bytes] : item.kind === 'hole' ? [item.length] : [],
        );
        expect(parts).toEqual(wanted.objects.flatMap((object) => object.parts));
        expect(of(items, 'file-end').every(({ isWhole }) => isWhole)).toBe(true);
        expect(of(items, 'end')).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps a file of more names than one part has room for', () => {
    const names = Array.from({ length: 3000 }, (_, at) => `${at}`.padStart(255, 'n'));
    const items = readAll(
      dumpOf({ ...plan, objects: [{ status: rootDirectory, parts: [] }, file(2, names, [])] }),
      false,
    );
    expect(of(items, 'object').at(-1)?.status.names).toEqual(names);
  });

  it('counts in 64 bits', () => {
    const parts = [2n ** 32n - 1n, data(10, 1), 2n ** 33n, data(10, 2), 2n ** 50n];
    const huge = { ...plan, objects: [{ status: rootDirectory, parts: [] }, file(2, ['huge'], parts)] };
    const [end] = of(readAll(dumpOf(huge), false), 'end');
    expect(end?.trailer.counters).toMatchObject({
      files: 1n,
      dataBytes: 20n,
      holeBytes: 2n ** 32n - 1n + 2n ** 33n + 2n ** 50n,
    });
  });
});

describe('a damaged dump', () => {
  it('is told with the offset of the part that is damaged, wherever a byte is changed', () => {
    const starts = frameStarts(dump);
    fc.assert(
      fc.property(fc.nat(dump.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const [first, ...more] = of(readAll(changed(dump, at, change), true), 'damage');
        const start = Math.max(...starts.filter((offset) => offset <= at));
        expect(Number(first?.damage.offset)).toBe(start);
        expect(more.length).toBeLessThanOrEqual(1);
        expect(() => readAll(changed(dump, at, change), false)).toThrow(DumpDamagedError);
      }),
      { numRuns: 300 },
    );
  });

  it('is told wherever it is cut, and what is before the cut is whole', () => {
    const all = wholeFiles(readAll(dump, false));
    fc.assert(
      fc.property(fc.nat(dump.length - 1), (length) => {
        const cut = dump.subarray(0, length);
        const items = readAll(cut, true);
        const [found, ...more] = of(items, 'damage');
        expect(Number(found?.damage.offset)).toBeLessThanOrEqual(length);
        expect(more).toEqual([]);
        expect(() => readAll(cut, false)).toThrow(DumpDamagedError);
        for (const [vnode, contents] of wholeFiles(items)) expect(contents).toBe(all.get(vnode));
      }),
      { numRuns: 300 },
    );
  });

  it('loses one file at most where one byte is changed in the contents', () => {
    const all = wholeFiles(readAll(dump, false));
    const firstFile = frameStarts(dump).at(6) ?? 0;
    fc.assert(
      fc.property(fc.integer({ min: firstFile, max: dump.length - 1 }), (at) => {
        const found = wholeFiles(readAll(changed(dump, at, 0x55), true));
        expect(found.size).toBeGreaterThanOrEqual(all.size - 1);
        for (const [vnode, contents] of found) expect(contents).toBe(all.get(vnode));
      }),
      { numRuns: 300 },
    );
  });

  it('is told where parts are missing, doubled, exchanged, or of another dump', () => {
    const frames = framesOf(plan);
    const other = framesOf({ ...plan, header: header(ID.map((byte) => byte + 100)) });
    fc.assert(
      fc.property(fc.nat(frames.length - 1), fc.nat(frames.length - 1), (at, to) => {
        const without = frames.filter((_, place) => place !== at);
        const doubled = frames.flatMap((frame, place) => (place === at ? [frame, frame] : [frame]));
        const foreign = frames.map((frame, place) => (place === at ? (other[at] ?? frame) : frame));
        const exchanged = frames.map((frame, place) =>
          place === at ? (frames[to] ?? frame) : place === to ? (frames[at] ?? frame) : frame,
        );
        for (const bad of [without, doubled, foreign, ...(at === to ? [] : [exchanged])])
          expect(() => readAll(concatBytes(bad), false)).toThrow(DumpDamagedError);
      }),
    );
  });

  it('is read on where bytes were put in or taken out', () => {
    const all = wholeFiles(readAll(dump, false));
    fc.assert(
      fc.property(
        fc.nat(dump.length - 1),
        fc.uint8Array({ maxLength: 500 }),
        fc.nat(200),
        (at, put, take) => {
          const bad = concatBytes([dump.subarray(0, at), put, dump.subarray(at + take)]);
          fc.pre(Buffer.compare(bad, dump) !== 0);
          const items = readAll(bad, true);
          expect(of(items, 'damage').length).toBeGreaterThan(0);
          const found = wholeFiles(items);
          for (const [vnode, contents] of found) expect(contents).toBe(all.get(vnode));
          // 200 bytes are at most three parts, of two files.
          expect(found.size).toBeGreaterThanOrEqual(all.size - 3);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is not taken for whole with something behind its end', () => {
    expect(() => readAll(concatBytes([dump, Uint8Array.of(0)]), false)).toThrow(DumpDamagedError);
    expect(() => readAll(concatBytes([dump, dump]), false)).toThrow(DumpDamagedError);
  });

  it('does not take the contents of a file for parts of its own, though they are a dump', () => {
    const inner = dumpOf({ ...plan, header: header(ID.map((byte) => byte + 1)) });
    const outer = dumpOf({
      ...plan,
      objects: [{ status: rootDirectory, parts: [] }, file(2, ['inner'], [inner])],
    });
    // The part with the contents is damaged in its first byte.
    const bad = changed(outer, outer.length - inner.length - 400, 1);
    const items = readAll(bad, true);
    expect(of(items, 'header')).toHaveLength(1);
    expect(of(items, 'object').length).toBeLessThanOrEqual(2);
  });

  it('is no dump at all if nothing in it is', () => {
    for (const bytes of [
      new Uint8Array(0),
      Uint8Array.of(1, 2, 3),
      new Uint8Array(100_000),
      data(5_000_000, 1),
    ]) {
      const [first, ...more] = of(readAll(bytes, true, 65_536), 'damage');
      expect([first?.damage.kind, first?.damage.offset, more.length]).toEqual(['not-a-dump', 0n, 0]);
    }
  });

  it('takes no longer when it is made to be slow: heads that are whole, with contents that are not', () => {
    const hostile = Buffer.alloc(3 * MAX_PAYLOAD);
    const head = encodeFrame(9, new Uint8Array(MAX_PAYLOAD), 0n, ID.subarray(0, 8)).subarray(0, HEAD_SIZE);
    for (let at = 0; at + HEAD_SIZE < hostile.length; at += HEAD_SIZE) hostile.set(head, at);
    const start = performance.now();
    expect(of(readAll(hostile, true, 65_536), 'damage')).toHaveLength(1);
    // Without a bound it takes a minute.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});

describe('a dump that somebody made up', () => {
  it.each([
    ['a name that leads out of its directory', (status: FileStatus) => ({ ...status, names: ['..'] })],
    ['a name with a slash', (status: FileStatus) => ({ ...status, names: ['a/b'] })],
    ['an empty name', (status: FileStatus) => ({ ...status, names: [''] })],
    [
      'a file with the number of a directory',
      (status: FileStatus) => ({ ...status, id: { vnode: 3, unique: 3 } }),
    ],
    [
      'a number that no server has',
      (status: FileStatus) => ({ ...status, id: { vnode: 0xffff_fff0, unique: 3 } }),
    ],
    ['a file in a file', (status: FileStatus) => ({ ...status, parent: { vnode: 4, unique: 4 } })],
    ['a file without a name', (status: FileStatus) => ({ ...status, names: [] })],
    ['a second root', (status: FileStatus) => ({ ...status, parent: undefined })],
    ['a length beyond all files', (status: FileStatus) => ({ ...status, length: 2n ** 60n })],
    ['a time that is none', (status: FileStatus) => ({ ...status, modified: Number.NaN })],
    ['fewer contents than it says', (status: FileStatus) => ({ ...status, length: 10n })],
  ])('is refused for %s', (_, change) => {
    const { status } = file(2, ['a'], []);
    const bad = dumpOf({
      ...plan,
      objects: [
        { status: rootDirectory, parts: [] },
        { status: change(status), parts: [] },
      ],
    });
    expect(() => readAll(bad, false)).toThrow(DumpDamagedError);
  });

  it('is told as damaged, and breaks nothing, whatever its parts say', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.uint8Array({ maxLength: 200 }), (type, payload) => {
        const [first] = framesOf(plan);
        const start = first ?? new Uint8Array(0);
        const next = encodeFrame(type, payload, BigInt(start.length), ID.subarray(0, 8));
        expect(() => readAll(concatBytes([start, next]), false)).toThrow(DumpDamagedError);
      }),
      { numRuns: 300 },
    );
  });
});

function changed(bytes: Uint8Array, at: number, change: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ change;
  return copy;
}

function frameStarts(bytes: Uint8Array): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at += HEAD_SIZE + Buffer.from(bytes).readUInt32LE(at + 8))
    starts.push(at);
  return starts;
}
