import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ArchiveEntry, type ArchiveFormat, archiveFormats } from '../../src/cml/archive/entry.ts';
import type { CmlLine } from '../../src/cml/cmlLine.ts';
import { parseCmlLine } from '../../src/cml/cmlText.ts';
import { CmlTextError, parseCml } from '../../src/cml/cmlRecords.ts';
import { verifyCheckpoint } from '../../src/cml/verify.ts';
import { archiveOf, file, inMemory, noFacts, patternOf, type Whole } from './archive/support.ts';

const ROOT = '/coda/r/vol';

function log(...texts: readonly string[]): CmlLine[] {
  return texts.map((text) => {
    const line = parseCmlLine(text.replace('~', ROOT).replace('~', ROOT));
    if (line === undefined) throw new Error(text);
    return line;
  });
}

const directory = (name: string): Whole => ({ entry: { type: 'directory', name, ...noFacts } });
const symlink = (name: string, target: string): Whole => ({
  entry: { type: 'symlink', name, ...noFacts, target },
});
const hardlink = (name: string, target: string): Whole => ({
  entry: { type: 'hardlink', name, ...noFacts, target },
});

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function verify(
  lines: readonly CmlLine[],
  members: readonly Whole[],
  more: { pending?: number; root?: string } = {},
) {
  const archive = inMemory(await archiveOf('newc', members));
  return verifyCheckpoint({ lines, archive, ...more });
}

const problemsOf = async (...args: Parameters<typeof verify>) =>
  (await verify(...args)).problems.map(({ kind, message }) => `${kind}: ${message}`);

describe('a checkpoint is verified', () => {
  it('when each name of the log is in the archive with its size', async () => {
    const lines = log('Mkdir \t~/d', 'Create \t~/d/f', 'Store \t~/d/f (length = 3)', 'Symlink ~/l (--> d/f)');
    expect(await verify(lines, [directory('d'), file('d/f', '123'), symlink('l', 'd/f')])).toEqual({
      verified: true,
      entries: 4,
      members: 3,
      files: 1,
      bytes: 3,
      nothingToArchive: false,
      problems: [],
      problemCount: 0,
    });
  });

  it('when it was recorded from a real venus', async () => {
    const golden = (name: string) =>
      new Uint8Array(
        readFileSync(fileURLToPath(new URL(`../golden/spool/coda.test_2130706433.${name}`, import.meta.url))),
      );
    async function* text(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(golden('cml'));
    }
    const result = await verifyCheckpoint({ lines: parseCml(text()), archive: inMemory(golden('cpio')) });
    expect(result).toMatchObject({ verified: true, entries: 5, members: 4, files: 1, bytes: 4 });
  });

  it('when files are there under the names that renames gave them, of themselves and of directories above', async () => {
    const lines = log(
      'Store \t~/old/f (length = 1)',
      'Rename \t~/old/f (to: ~/old/g)',
      'Rename \t~/old (to: ~/new)',
      'Store \t~/new/g (length = 2)',
    );
    expect(await problemsOf(lines, [file('new/g', '12')])).toEqual([]);
    expect(await problemsOf(lines, [file('old/f', '12')])).toEqual([
      `missing: ${ROOT}/new/g: not in the archive`,
    ]);
  });

  it('when what was removed again is not there', async () => {
    const lines = log(
      'Store \t~/f (length = 1)',
      'Mkdir \t~/d',
      'Store \t~/k (length = 1)',
      'Remove \t~/f',
      'Rmdir \t~/d',
    );
    expect(await problemsOf(lines, [file('k', '1')])).toEqual([]);
  });

  it('when a name was removed and made again', async () => {
    const lines = log('Store \t~/f (length = 1)', 'Remove \t~/f', 'Create \t~/f', 'Store \t~/f (length = 2)');
    expect(await problemsOf(lines, [file('f', '12')])).toEqual([]);
    expect(await problemsOf(lines, [file('f', '1')])).toEqual(['size: f: 1 bytes, but the log has 2']);
  });

  it('when further names stand as hard links, or as files of the same size', async () => {
    const lines = log(
      'Store \t~/d/f (length = 2)',
      'Link \t~/d/f to g',
      'Remove \t~/d/f',
      'Link \t~/d/g to h',
    );
    expect(await problemsOf(lines, [file('d/g', '12'), hardlink('d/h', 'd/g')])).toEqual([]);
    expect(await problemsOf(lines, [file('d/g', '12'), file('d/h', '12')])).toEqual([]);
    expect(await problemsOf(lines, [file('d/g', '12')])).toEqual([
      `missing: ${ROOT}/d/h: not in the archive`,
    ]);
    expect(await problemsOf(lines, [file('d/g', '12'), file('x', ''), hardlink('d/h', 'x')])).toHaveLength(1);
  });

  it('wherever the root of the volume is, and with changes to the root itself', async () => {
    const lines = log(
      'Chmod \t~ (mode = 755)',
      'Store \t~/a/b/c (length = 1)',
      'Store \t~/a/b/d (length = 1)',
    );
    for (const prefix of ['a/b/', 'vol/a/b/', 'r/vol/a/b/', '']) {
      const members = [file(`${prefix}c`, '1'), file(`${prefix}d`, '1')];
      expect(await problemsOf(prefix === '' ? lines.slice(1) : lines, members)).toEqual([]);
    }
    expect(await problemsOf(lines, [file('a/b/c', '1'), file('a/b/d', '1')], { root: ROOT })).toEqual([]);
    expect(await problemsOf(lines, [file('b/c', '1'), file('b/d', '1')], { root: ROOT })).toHaveLength(2);
  });

  it('when parents that could not be rebuilt may be any', async () => {
    const lines = log('Store \t???//f (length = 1)', 'Store \t~/g (length = 1)');
    expect(await problemsOf(lines, [file('g', '1'), file('anywhere/f', '1')])).toEqual([]);
    expect(await problemsOf(lines, [file('g', '1')])).toEqual(['missing: ???/f: not in the archive']);
  });

  it.each([
    ['removals', ['Remove \t~/f', 'Rmdir \t~/d']],
    ['renames of what was there', ['Rename \t~/f (to: ~/d/g)']],
    ['attributes', ['Chmod \t~ (mode = 755)', 'Chown \t~/f (owner = 1)', 'Utime \t~/f']],
    ['further names of what was there', ['Link \t~/f to g']],
    ['files that were never stored', ['Create \t~/f']],
    [
      'what was made and removed again',
      ['Mkdir \t~/d', 'Store \t~/d/f (length = 1)', 'Remove \t~/d/f', 'Rmdir \t~/d'],
    ],
    ['contents that a rename replaced', ['Store \t~/f (length = 1)', 'Rename \t~/old (to: ~/f)']],
  ])('when the log has no contents but %s, and the archive holds nothing', async (_, lines) => {
    for (const format of archiveFormats) {
      const archive = inMemory(await archiveOf(format, []));
      const entries = log(...lines);
      expect(await verifyCheckpoint({ lines: entries, archive, pending: entries.length })).toMatchObject({
        verified: true,
        nothingToArchive: true,
        entries: entries.length,
        members: 0,
      });
    }
  });

  it('when files that were made but never stored are not there (spec/cml.md, 5.3)', async () => {
    expect(await problemsOf(log('Create \t~/f', 'Mkdir \t~/d'), [directory('d')])).toEqual([]);
  });
});

describe('a checkpoint is not verified', () => {
  const lines = log('Store \t~/f (length = 3)');

  it('without an archive, or with one of no bytes, while entries are pending', async () => {
    expect(await verifyCheckpoint({ lines, archive: undefined })).toMatchObject({
      verified: false,
      problems: [{ kind: 'no-archive' }],
    });
    const empty = inMemory(new Uint8Array());
    expect(await verifyCheckpoint({ lines, archive: empty })).toMatchObject({ verified: false });
    expect(await verifyCheckpoint({ lines: [], archive: empty, pending: 1 })).toMatchObject({
      verified: false,
    });
  });

  describe('with an archive that holds nothing', () => {
    it.each([
      ['contents that were stored', ['Store \t~/f (length = 0)', 'Remove \t~/g']],
      ['a directory', ['Mkdir \t~/d']],
      ['a link', ['Symlink ~/l (--> a)']],
      ['contents under another name', ['Store \t~/f (length = 1)', 'Rename \t~/f (to: ~/g)']],
      ['contents that have another name', ['Store \t~/f (length = 1)', 'Link \t~/f to g', 'Remove \t~/f']],
      [
        'contents below what was moved',
        ['Mkdir \t~/d', 'Store \t~/d/f (length = 1)', 'Rename \t~/d (to: ~/e)'],
      ],
      ['what a repair made', ['Disconnected Repair by an ASR for 7f000000.2.3@r']],
      ['a removal nobody knows where', ['Remove \t???/f']],
      ['a removal in an unknown directory', ['Remove \t~/???/f']],
      ['a rename from nobody knows where', ['Rename \t???/f (to: ~/g)']],
      ['attributes of nobody knows what', ['Store \t???/f (length = 1)', 'Remove \t???/f', 'Utime \t???/g']],
      ['a path from nowhere', ['Remove \tf']],
    ])('although the log leaves %s', async (_, lines) => {
      const { verified, nothingToArchive, problems } = await verify(log(...lines), []);
      expect({ verified, nothingToArchive }).toEqual({ verified: false, nothingToArchive: false });
      expect(problems.map(({ kind }) => kind)).toContain('empty');
    });

    it('nor with one that is missing or has no bytes, though the log has no contents', async () => {
      const removals = log('Remove \t~/f');
      expect(await verifyCheckpoint({ lines: removals, archive: undefined })).toMatchObject({
        verified: false,
        problems: [{ kind: 'no-archive' }],
      });
      expect(await verifyCheckpoint({ lines: removals, archive: inMemory(new Uint8Array()) })).toMatchObject({
        verified: false,
        problems: [{ kind: 'archive' }],
      });
    });

    it('nor when the log cannot be read to its end, or is not the one that is pending', async () => {
      const archive = async () => inMemory(await archiveOf('pax', []));
      const text = (tail: string) => parseCml(chunksOf(`Remove \t${ROOT}/f\n${tail}`));
      for (const tail of [
        'Create \t/coda/f\nnonsense\n',
        'Link \t/coda/f to g\nnonsense\n',
        'Remove',
        'nonsense\n',
        'Store \t/x\n',
        'Remove \t/coda/f',
      ]) {
        const result = await verifyCheckpoint({ lines: text(tail), archive: await archive() });
        expect(result).toMatchObject({ verified: false, nothingToArchive: false });
      }
      const other = await verifyCheckpoint({ lines: text(''), archive: await archive(), pending: 2 });
      expect(other).toMatchObject({ verified: false, nothingToArchive: false });
      expect(await verifyCheckpoint({ lines: text(''), archive: await archive(), pending: 1 })).toMatchObject(
        {
          verified: true,
          nothingToArchive: true,
        },
      );
    });
  });

  it.each([
    ['another size', file('f', '12'), 'size'],
    ['another type', directory('f'), 'type'],
    ['another name', file('g', '123'), 'missing'],
  ])('where the archive has %s', async (_what, member, kind) => {
    expect(await verify(lines, [member])).toMatchObject({ verified: false, problems: [{ kind }] });
  });

  it('where a link leads elsewhere', async () => {
    expect(await problemsOf(log('Symlink ~/l (--> a)'), [symlink('l', 'b')])).toHaveLength(1);
  });

  it('where the archive is cut off, at the byte', async () => {
    const whole = await archiveOf('pax', [file('f', '123'), file('g', '4567')]);
    const archive = inMemory(whole.subarray(0, 2500));
    expect(await verifyCheckpoint({ lines, archive })).toMatchObject({
      verified: false,
      files: 1,
      bytes: 3,
      problems: [{ kind: 'archive', offset: 2500 }],
    });
  });

  it('where the log cannot be read, or has other entries than are pending', async () => {
    async function* broken(): AsyncGenerator<CmlLine> {
      yield* lines;
      throw await Promise.resolve(new CmlTextError(2, 'it is odd'));
    }
    const archive = inMemory(await archiveOf('pax', [file('f', '123')]));
    expect(await verifyCheckpoint({ lines: broken(), archive })).toMatchObject({
      verified: false,
      problems: [{ kind: 'log', line: 2 }],
    });
    expect(await verifyCheckpoint({ lines, archive, pending: 2 })).toMatchObject({
      verified: false,
      problems: [{ kind: 'log' }],
    });
    expect(await verifyCheckpoint({ lines, archive, pending: 1 })).toMatchObject({ verified: true });
  });

  it('and counts more problems than it lists', async () => {
    const many = Array.from({ length: 300 }, (_, at): CmlLine => ({
      op: 'store',
      path: `${ROOT}/f${at}`,
      length: 1,
    }));
    const { problems, problemCount } = await verify(many, [file('other', '')]);
    expect(problemCount).toBe(300);
    expect(problems).toHaveLength(100);
  });

  it('nor does a log of endless directories break it', async () => {
    const path = `${ROOT}${'/d'.repeat(100_000)}`;
    expect(await verify([{ op: 'store', path, length: 1 }], [file('f', '')])).toMatchObject({
      verified: false,
      problemCount: 1,
    });
  });
});

/** A volume that changes, and the log of it. */
class Volume {
  readonly lines: CmlLine[] = [];
  readonly #names = new Map<string, ArchiveEntry>();

  change(kind: number, pick: number, seed: number): void {
    const names = [...this.#names.keys()];
    const some = names[pick % Math.max(1, names.length)];
    const above = this.#directories()[seed % this.#directories().length] ?? '';
    const fresh = `${above}n${this.lines.length}`;
    if (kind === 0) this.#store(fresh, seed % 50, true);
    else if (kind === 1)
      this.#add({ op: 'mkdir', path: this.#full(fresh) }, { type: 'directory', name: fresh, ...noFacts });
    else if (kind === 2)
      this.#add(
        { op: 'symlink', path: this.#full(fresh), target: 't' },
        { type: 'symlink', name: fresh, ...noFacts, target: 't' },
      );
    else if (some === undefined) return;
    else if (kind === 3) this.#remove(some);
    else if (kind === 4 && !fresh.startsWith(`${some}/`)) this.#rename(some, fresh);
    else if (this.#names.get(some)?.type === 'file') this.#store(some, seed % 50, false);
  }

  members(): readonly Whole[] {
    return [...this.#names].map(([name, entry]) => {
      const named = { ...entry, name };
      return named.type === 'file' ? { entry: named, contents: patternOf(named.size, 1) } : { entry: named };
    });
  }

  #full(name: string): string {
    return `${ROOT}/${name}`;
  }

  #directories(): readonly string[] {
    const made = [...this.#names].filter(([, { type }]) => type === 'directory').map(([name]) => `${name}/`);
    return ['', 'old/', 'old/deep/', ...made];
  }

  #add(line: CmlLine, entry: ArchiveEntry): void {
    this.lines.push(line);
    this.#names.set(entry.name, entry);
  }

  #store(name: string, size: number, isNew: boolean): void {
    if (isNew) this.lines.push({ op: 'create', path: this.#full(name) });
    this.#add(
      { op: 'store', path: this.#full(name), length: size },
      { type: 'file', name, ...noFacts, size },
    );
  }

  #remove(name: string): void {
    const isDirectory = this.#names.get(name)?.type === 'directory';
    if (isDirectory && [...this.#names.keys()].some((other) => other.startsWith(`${name}/`))) return;
    this.#names.delete(name);
    this.lines.push({ op: isDirectory ? 'rmdir' : 'remove', path: this.#full(name) });
  }

  #rename(from: string, to: string): void {
    this.lines.push({ op: 'rename', from: this.#full(from), to: this.#full(to) });
    for (const [name, entry] of [...this.#names]) {
      if (name !== from && !name.startsWith(`${from}/`)) continue;
      this.#names.delete(name);
      this.#names.set(to + name.slice(from.length), entry);
    }
  }
}

describe('whatever was done to a volume', () => {
  const changes = fc.array(fc.tuple(fc.nat(5), fc.nat(), fc.nat()), { minLength: 1, maxLength: 60 });

  it.each<ArchiveFormat>(['pax', 'newc'])(
    'its %s archive is verified, and is not with any entry missing',
    async (format) => {
      const property = fc.asyncProperty(changes, fc.nat(), async (done, left) => {
        const volume = new Volume();
        for (const [kind, pick, seed] of done) volume.change(kind, pick, seed);
        const members = volume.members();
        fc.pre(members.length > 1);
        const archive = inMemory(await archiveOf(format, members));
        const whole = await verifyCheckpoint({ lines: volume.lines, archive });
        expect(whole.problems).toEqual([]);
        const without = members.filter((_, at) => at !== left % members.length);
        const partly = await verifyCheckpoint({
          lines: volume.lines,
          archive: inMemory(await archiveOf(format, without)),
        });
        expect(partly.verified).toBe(false);
      });
      await fc.assert(property, { numRuns: 150 });
    },
  );
});
