import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveReader } from '../../src/cml/archive/archiveReader.ts';
import { Replay, haveSameBytes } from '../../src/cml/replay.ts';
import { TimeLimitError } from '../../src/ipc/errors.ts';
import { anyEntries, archiveOf, file, inMemory, noFacts, patternOf, type Whole } from './archive/support.ts';
import { MemoryTree } from './memoryTree.ts';

const ROOT = '/r/vol';
const directory = (name: string): Whole => ({ entry: { type: 'directory', name, ...noFacts } });
const symlink = (name: string, target: string): Whole => ({
  entry: { type: 'symlink', name, ...noFacts, target },
});
const hardlink = (name: string, target: string): Whole => ({
  entry: { type: 'hardlink', name, ...noFacts, target },
});
const volume = () => new MemoryTree('/r', ROOT);

async function replay(files: MemoryTree, members: readonly Whole[], answer = false): Promise<string[]> {
  const reader = await ArchiveReader.open(inMemory(await archiveOf('pax', members)));
  const run = new Replay({ files, root: ROOT });
  const done: string[] = [];
  for await (const { entry, outcome } of run.run(reader, () => Promise.resolve(answer)))
    done.push(`${outcome} ${entry.name}`);
  return done;
}

async function compare(
  files: MemoryTree,
  members: readonly Whole[],
  except: readonly string[] = [],
): Promise<string[]> {
  const reader = await ArchiveReader.open(inMemory(await archiveOf('pax', members)));
  const differing: string[] = [];
  for await (const { entry } of new Replay({ files, root: ROOT }).compare(reader, new Set(except)))
    differing.push(entry.name);
  return differing;
}

describe('a replay', () => {
  const members = [
    directory('d'),
    file('d/f', patternOf(5000, 1)),
    hardlink('d/g', 'd/f'),
    symlink('l', 'd'),
    file('a/b', 'x'),
  ];

  it('makes everything, with the directories above, and verifies it by content', async () => {
    const files = volume();
    expect(await replay(files, members)).toEqual(members.map(({ entry }) => `made ${entry.name}`));
    expect(files.text(`${ROOT}/d/f`)).toBe(patternOf(5000, 1));
    expect(files.nodes.get(`${ROOT}/d/g`)).toBe(files.nodes.get(`${ROOT}/d/f`));
    expect(await compare(files, members)).toEqual([]);
    files.nodes.get(`${ROOT}/d/f`)?.contents.write('!', 4999);
    files.nodes.delete(`${ROOT}/l`);
    expect(await compare(files, members)).toEqual(['d/f', 'l']);
    expect(await compare(files, members, ['l'])).toEqual(['d/f']);
  });

  it('passes over what is identical and asks about what differs', async () => {
    const files = volume();
    await replay(files, members);
    expect(await replay(files, members)).toEqual(members.map(({ entry }) => `identical ${entry.name}`));
    const changed = [file('d/f', patternOf(5000, 2)), symlink('l', 'elsewhere'), directory('a/b')];
    expect(await replay(files, changed)).toEqual(['kept d/f', 'kept l', 'kept a/b']);
    expect(files.text(`${ROOT}/d/f`)).toBe(patternOf(5000, 1));
    expect(await replay(files, changed, true)).toEqual(['replaced d/f', 'replaced l', 'replaced a/b']);
    expect(await compare(files, changed)).toEqual([]);
  });

  it('is resumed where it was interrupted', async () => {
    const files = volume();
    let changes = 0;
    files.beforeChange = () => {
      changes += 1;
      if (changes === 3) throw new TimeLimitError('no answer');
    };
    await expect(replay(files, members)).rejects.toThrow(TimeLimitError);
    expect((await replay(files, members)).slice(0, 3)).toEqual(['identical d', 'identical d/f', 'made d/g']);
    expect(await compare(files, members)).toEqual([]);
  });

  it('goes on behind what fails', async () => {
    const files = volume();
    await replay(files, [directory('d'), file('d/f', 'x')]);
    expect(await replay(files, [file('d', 'x'), file('ok', 'x')], true)).toEqual(['failed d', 'made ok']);
  });

  it('never goes through links, nor out of its directory', async () => {
    const files = new MemoryTree('/r', ROOT, '/r/other');
    const hostile = [
      symlink('l', '/r/other'),
      file('l/f', 'x'),
      file('../g', 'x'),
      file('/r/h', 'x'),
      hardlink('i', 'l'),
    ];
    expect(await replay(files, hostile, true)).toEqual([
      'made l',
      'failed l/f',
      'failed ../g',
      'failed /r/h',
      'failed i',
    ]);
    expect([...files.nodes.keys()]).toEqual(['/r', ROOT, '/r/other', `${ROOT}/l`]);
  });

  it('of any tree leaves nothing that differs', async () => {
    const property = fc.asyncProperty(anyEntries, async (entries) => {
      const files = volume();
      const outcomes = await replay(files, entries);
      const failed = outcomes.flatMap((each) => (each.startsWith('failed ') ? [each.slice(7)] : []));
      const kept = outcomes.flatMap((each) => (each.startsWith('kept ') ? [each.slice(5)] : []));
      expect(await compare(files, entries, [...failed, ...kept])).toEqual([]);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

describe('contents are compared', () => {
  async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += size) {
      yield await Promise.resolve(new Uint8Array(Buffer.from(text.slice(at, at + size), 'latin1')));
    }
  }

  it('however they are cut', async () => {
    const chunk = fc.integer({ min: 1, max: 9 });
    const text = fc.string({ maxLength: 20, unit: fc.constantFrom('a', 'b') });
    const property = fc.asyncProperty(text, text, chunk, chunk, async (one, other, first, second) => {
      expect(await haveSameBytes(inChunks(one, first), inChunks(one, second))).toBe(true);
      expect(await haveSameBytes(inChunks(one, first), inChunks(other, second))).toBe(one === other);
      expect(await haveSameBytes(inChunks(one, first), inChunks(`${one}c`, second))).toBe(false);
    });
    await fc.assert(property);
  });
});
