import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveReader } from '../../src/cml/archive/archiveReader.ts';
import { type Extracted, extractArchive } from '../../src/cml/extract.ts';
import { SafeTree } from '../../src/cml/safeTree.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { archiveOf, file, inMemory, noFacts, type Whole } from './archive/support.ts';

const path = useTemporaryDirectory();
const directory = (name: string, mode = 0o755): Whole => ({
  entry: { type: 'directory', name, ...noFacts, mode },
});
const symlink = (name: string, target: string): Whole => ({
  entry: { type: 'symlink', name, ...noFacts, target },
});
const hardlink = (name: string, target: string): Whole => ({
  entry: { type: 'hardlink', name, ...noFacts, target },
});

async function extract(members: readonly Whole[], force = false): Promise<Extracted[]> {
  const reader = await ArchiveReader.open(inMemory(await archiveOf('pax', members)));
  const tree = new SafeTree(path('out'));
  const done: Extracted[] = [];
  try {
    for await (const extracted of extractArchive(reader, tree, { force })) done.push(extracted);
  } finally {
    tree.close();
  }
  return done;
}

const outcomes = async (...args: Parameters<typeof extract>) =>
  (await extract(...args)).map(({ entry, outcome }) => `${outcome} ${entry.name}`);
const out = (name: string) => readFileSync(path('out', name), 'utf8');

describe('extracting', () => {
  it('makes everything, with its modes and times, and the directories above', async () => {
    const members = [
      directory('closed', 0o500),
      file('closed/f', 'one', { ...noFacts, mode: 0o4640, modified: 1_000_000_000_000 }),
      file('a/b/c/deep', 'two'),
      hardlink('a/other', 'a/b/c/deep'),
      symlink('a/link', '../../outside'),
    ];
    expect(await outcomes(members)).toEqual(members.map(({ entry }) => `made ${entry.name}`));
    expect(out('closed/f')).toBe('one');
    expect(statSync(path('out', 'closed')).mode & 0o7777).toBe(0o500);
    expect(statSync(path('out', 'closed', 'f'))).toMatchObject({
      mode: 0o100640,
      mtimeMs: 1_000_000_000_000,
    });
    expect(lstatSync(path('out', 'a', 'other')).ino).toBe(lstatSync(path('out', 'a', 'b', 'c', 'deep')).ino);
    expect(readlinkSync(path('out', 'a', 'link'))).toBe('../../outside');
    expect(readdirSync(path('out')).sort()).toEqual(['a', 'closed']);
  });

  it('done again makes what is missing and passes over what is the same', async () => {
    const members = [
      file('f', 'one'),
      symlink('l', 'f'),
      hardlink('h', 'f'),
      directory('d'),
      file('d/g', 'two'),
    ];
    await extract(members.slice(0, 2));
    expect(await outcomes(members)).toEqual(['present f', 'present l', 'made h', 'made d', 'made d/g']);
    expect(await outcomes(members)).toEqual(members.map(({ entry }) => `present ${entry.name}`));
  });

  it('never replaces what differs, unless it is told to', async () => {
    mkdirSync(path('out', 'd'), { recursive: true });
    writeFileSync(path('out', 'f'), 'mine');
    writeFileSync(path('out', 'l'), 'mine');
    const members = [file('f', 'ours'), symlink('l', 'f'), file('d', 'a directory is there')];
    expect(await outcomes(members)).toEqual(['refused f', 'refused l', 'refused d']);
    expect(out('f')).toBe('mine');
    expect(await outcomes(members, true)).toEqual(['replaced f', 'replaced l', 'refused d']);
    expect(out('f')).toBe('ours');
  });

  it('keeps names that are no UTF-8', async () => {
    await extract([file('d\udcff/f\udc80', 'x')]);
    const name = Buffer.concat([
      Buffer.from(path('out', 'd')),
      Buffer.from([0xff]),
      Buffer.from('/f'),
      Buffer.from([0x80]),
    ]);
    expect(readFileSync(name, 'utf8')).toBe('x');
  });

  it('removes what a killed run left', async () => {
    mkdirSync(path('out'));
    writeFileSync(path('out', '.coda-rescue-999999999'), 'half');
    await extract([file('f', 'x')]);
    expect(readdirSync(path('out'))).toEqual(['f']);
  });
});

describe('nothing is written outside the directory', () => {
  const refused = async (members: readonly Whole[]) =>
    (await outcomes(members)).at(-1)?.startsWith('refused');

  it.each(['../f', '/etc/f', 'a/../../f', '..'])('by the name %s', async (name) => {
    expect(await refused([file(name, 'x')])).toBe(true);
    expect(readdirSync(path())).toEqual(['out']);
  });

  it('through a link of the archive itself, absolute, relative or to a directory inside', async () => {
    mkdirSync(path('outside'));
    for (const target of [path('outside'), '../outside', '.']) {
      expect(await refused([symlink(`l${target.length}`, target), file(`l${target.length}/f`, 'x')])).toBe(
        true,
      );
    }
    expect(readdirSync(path('outside'))).toEqual([]);
  });

  it('through a link that was there before', async () => {
    mkdirSync(path('outside'));
    writeFileSync(path('outside', 'file'), 'theirs');
    mkdirSync(path('out'));
    symlinkSync(path('outside'), path('out', 'd'));
    symlinkSync(path('outside', 'file'), path('out', 'f'));
    expect(await outcomes([file('d/file', 'x'), file('f', 'x')])).toEqual(['refused d/file', 'refused f']);
    expect(await outcomes([file('d/file', 'x'), file('f', 'x')], true)).toEqual([
      'refused d/file',
      'replaced f',
    ]);
    expect(readFileSync(path('outside', 'file'), 'utf8')).toBe('theirs');
    expect(out('f')).toBe('x');
  });

  it('by hard links to files outside', async () => {
    writeFileSync(path('secret'), 'theirs');
    for (const target of ['../secret', path('secret'), 'l']) {
      expect(await refused([symlink('l', '../secret'), hardlink('h', target)])).toBe(true);
    }
    expect(existsSync(path('out', 'h'))).toBe(false);
  });

  it('whatever the archive holds', async () => {
    mkdirSync(path('outside'));
    const part = fc.constantFrom('a', 'b', '..', '.', '', 'outside');
    const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/') || 'x');
    const member = fc.oneof(
      name.map((each) => file(each, 'x')),
      name.map((each) => directory(each)),
      fc
        .tuple(name, fc.oneof(name, fc.constant(path('outside'))))
        .map(([each, target]) => symlink(each, target)),
      fc.tuple(name, name).map(([each, target]) => hardlink(each, target)),
    );
    const property = fc.asyncProperty(
      fc.array(member, { maxLength: 12 }),
      fc.boolean(),
      async (members, force) => {
        await extract(members, force);
        expect(readdirSync(path()).sort()).toEqual(['out', 'outside']);
        expect(readdirSync(path('outside'))).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});
