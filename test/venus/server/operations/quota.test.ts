import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import { outcome, rootOf, useRealm } from '../../support.ts';
import { Caller } from '../caller.ts';

const realm = useRealm();
const operator = () => Caller.as(realm(), 'operator');
const kibibytes = (count: number) => 'x'.repeat(count * 1024);

async function volume(maxQuota: number): Promise<Fid> {
  const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: undefined, maxQuota });
  return rootOf(id);
}
const setQuota = (root: Fid, maxQuota: number) =>
  realm().server.setVolumeStatus({ credentials: operator().credentials, volume: root.volume, maxQuota });
async function blocksUsed(root: Fid): Promise<number> {
  return (await realm().server.describeVolume({ volume: root.volume })).status.blocksUsed;
}

describe('a volume counts in units of 1 KiB', () => {
  it.each([
    ['its root, which takes a page of 2 KiB', () => Promise.resolve(), 2],
    ['an empty file', (root: Fid) => operator().create(root, 'a'), 0 + 2],
    ['a byte', (root: Fid) => operator().create(root, 'a', 'x'), 1 + 2],
    ['1024 bytes', (root: Fid) => operator().create(root, 'a', kibibytes(1)), 1 + 2],
    ['1025 bytes', (root: Fid) => operator().create(root, 'a', `${kibibytes(1)}x`), 2 + 2],
    ['a directory', (root: Fid) => operator().mkdir(root, 'a'), 2 + 2],
    ['a symbolic link', (root: Fid) => operator().symlink(root, 'a', 'target'), 1 + 2],
  ])('%s', async (_, make, expected) => {
    const root = await volume(0);
    await make(root);
    expect(await blocksUsed(root)).toBe(expected);
  });

  it('once for a file, however many names it has', async () => {
    const root = await volume(0);
    const file = await operator().create(root, 'a', kibibytes(3));
    await operator().link(root, 'b', file);
    expect(await blocksUsed(root)).toBe(5);
    await operator().remove(root, 'a');
    expect(await blocksUsed(root)).toBe(5);
    await operator().remove(root, 'b');
    expect(await blocksUsed(root)).toBe(2);
  });

  it('what a directory grows by, and what it shrinks by', async () => {
    const root = await volume(0);
    for (let at = 0; at < 10; at++) await operator().create(root, `${at}`.padEnd(255, '-'));
    // A name of 255 bytes takes 9 of the 64 units of a page, of which the first page has 51.
    expect(await blocksUsed(root)).toBe(4);
    for (let at = 0; at < 10; at++) await operator().remove(root, `${at}`.padEnd(255, '-'));
    expect(await blocksUsed(root)).toBe(2);
  });
});

describe('a volume that is full', () => {
  const full = async () => {
    const root = await volume(6);
    const file = await operator().create(root, 'file', kibibytes(4));
    return { root, file };
  };

  it.each<readonly [string, (root: Fid, file: Fid) => Promise<unknown>]>([
    ['a new file', (root) => operator().create(root, 'new', 'x')],
    ['more in a file', (_, file) => operator().store(file, `${kibibytes(4)}x`)],
    ['a new directory', (root) => operator().mkdir(root, 'new')],
    ['a new link', (root) => operator().symlink(root, 'new', 'x')],
  ])('takes no more: %s', async (_, change) => {
    const { root, file } = await full();
    const before = await operator().status(file);
    expect(await outcome(change(root, file))).toBe('EDQUOT');
    expect(await operator().status(file)).toEqual(before);
    expect([await operator().list(root), await operator().read(file)]).toEqual([['file'], kibibytes(4)]);
    expect(await blocksUsed(root)).toBe(6);
  });

  it.each<readonly [string, (root: Fid, file: Fid) => Promise<unknown>]>([
    ['an empty file', (root) => operator().create(root, 'new')],
    ['other contents, no longer', (_, file) => operator().store(file, 'y'.repeat(4096))],
    ['a second name', (root, file) => operator().link(root, 'new', file)],
    ['another name', (root) => operator().move(root, 'file', 'new')],
    ['another mode', (_, file) => operator().change(file, { mode: 0o600 })],
    ['an end', (root) => operator().remove(root, 'file')],
  ])('takes what needs no room: %s', async (_, change) => {
    const { root, file } = await full();
    expect(await outcome(change(root, file))).toBe('done');
  });

  it('has room again for what is removed or grows shorter, or when its quota grows', async () => {
    const { root, file } = await full();
    await operator().store(file, kibibytes(3));
    expect(await outcome(operator().create(root, 'one', 'x'))).toBe('done');
    expect(await outcome(operator().create(root, 'two', 'x'))).toBe('EDQUOT');
    await operator().remove(root, 'one');
    expect(await outcome(operator().create(root, 'two', 'x'))).toBe('done');
    await setQuota(root, 7);
    expect(await outcome(operator().create(root, 'three', 'x'))).toBe('done');
    await setQuota(root, 0);
    expect(await outcome(operator().create(root, 'four', kibibytes(100)))).toBe('done');
  });

  it('by a quota set below what it holds can still be emptied', async () => {
    const { root, file } = await full();
    await setQuota(root, 1);
    expect(await outcome(operator().create(root, 'new', 'x'))).toBe('EDQUOT');
    expect(await outcome(operator().store(file, kibibytes(2)))).toBe('done');
    expect(await outcome(operator().store(file, kibibytes(3)))).toBe('EDQUOT');
    expect(await outcome(operator().remove(root, 'file'))).toBe('done');
    expect(await blocksUsed(root)).toBe(2);
  });

  it('refuses contents before all of them have come', async () => {
    const { server } = realm();
    const { root } = await full();
    const { handle } = await server.openStore({ fid: { ...root, vnode: 4444 } });
    expect(await outcome(server.storeFragment({ handle, bytes: new Uint8Array(1) }))).toBe('EDQUOT');
    await server.abandonStore({ handle });
  });
});

it('a volume never holds more than its quota, and its count is what it holds', async () => {
  const root = await volume(20);
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.tuple(fc.constant('create'), name, fc.nat({ max: 8000 })),
    fc.tuple(fc.constant('store'), name, fc.nat({ max: 8000 })),
    fc.tuple(fc.constant('remove'), name, fc.constant(0)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const files = new Map<string, { readonly fid: Fid; readonly blocks: number }>();
      const total = () => [...files.values()].reduce((sum, { blocks }) => sum + blocks, 2);
      for (const [what, at, length] of steps) {
        const [present, blocks] = [files.get(at), Math.ceil(length / 1024)];
        const more = blocks - (present?.blocks ?? 0);
        const fits = more <= 0 || total() + more <= 20;
        if (what === 'remove' && present) {
          await operator().remove(root, at);
          files.delete(at);
        } else if ((what === 'create' && !present) || (what === 'store' && present)) {
          let fid = present?.fid ?? root;
          const work = present
            ? operator().store(fid, 'x'.repeat(length))
            : operator()
                .create(root, at, 'x'.repeat(length))
                .then((made) => (fid = made));
          expect(await outcome(work)).toBe(fits ? 'done' : 'EDQUOT');
          if (fits) files.set(at, { fid, blocks });
        }
        expect(await blocksUsed(root)).toBe(total());
      }
      for (const at of files.keys()) await operator().remove(root, at);
    }),
    { numRuns: 25, seed: 20_261_121 },
  );
});
