import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveReader } from '../../../src/cml/archive/archiveReader.ts';
import { encodeArchive } from '../../../src/cml/archive/archiveWriter.ts';
import { type ArchiveFormat, archiveFormats } from '../../../src/cml/archive/entry.ts';
import { ArchiveContentsError, ArchiveLimitError } from '../../../src/cml/archive/errors.ts';
import {
  anyEntries,
  archiveOf,
  chunked,
  file,
  inMemory,
  itemsOf,
  noFacts,
  readAll,
  type Whole,
} from './support.ts';

const classic = archiveFormats.filter((format) => format !== 'pax');

describe.each(archiveFormats)('an archive in the format %s', (format) => {
  /** What the format has no room for is another matter. */
  const fits = async (entries: readonly Whole[]) => {
    try {
      return await archiveOf(format, entries);
    } catch (error) {
      if (error instanceof ArchiveLimitError) return undefined;
      throw error;
    }
  };

  it('gives back every entry and every byte, from a file and from chunks of any size', async () => {
    const property = fc.asyncProperty(
      anyEntries,
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
      async (entries, sizes) => {
        const bytes = await fits(entries);
        fc.pre(bytes !== undefined);
        expect(await readAll(inMemory(bytes))).toEqual(entries);
        expect(await readAll(chunked(bytes, sizes))).toEqual(entries);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('may come byte by byte', async () => {
    const entries = [file('a', 'one'), file('dir/b', 'x'.repeat(600))];
    expect(await readAll(chunked(await archiveOf(format, entries), [1]))).toEqual(entries);
  });

  it('is known by its first bytes', async () => {
    const bytes = await archiveOf(format, [file('a', 'one')]);
    expect((await ArchiveReader.open(inMemory(bytes))).format).toBe(format);
  });

  it('is passed over where nobody reads the contents', async () => {
    const entries = [file('a', 'x'.repeat(300_000)), file('b', 'y'.repeat(300_000)), file('c', '')];
    const bytes = await archiveOf(format, entries);
    for (const input of [inMemory(bytes), chunked(bytes, [70_001])]) {
      const reader = await ArchiveReader.open(input);
      const names: string[] = [];
      for (let read = await reader.next(); read; read = await reader.next()) names.push(read.entry.name);
      expect(names).toEqual(['a', 'b', 'c']);
    }
  });

  it('refuses contents that are longer or shorter than the size says', async () => {
    const { entry } = file('a', '123');
    if (entry.type !== 'file') throw new Error('a file');
    for (const text of ['12', '1234']) {
      const items = [{ entry, contents: [new Uint8Array(Buffer.from(text))] }];
      await expect(drain(encodeArchive(format, items))).rejects.toThrow(ArchiveContentsError);
    }
  });

  it('counts what it comes to hold', async () => {
    const totals = { members: 0, files: 0, bytes: 0 };
    const items = itemsOf([file('a', '123'), file('b', '4567'), link('c', 'b')]);
    for await (const bytes of encodeArchive(format, items, totals)) expect(bytes.length).toBeGreaterThan(0);
    expect(totals).toEqual({ members: 3, files: 2, bytes: 7 });
  });

  it('holds names that are no UTF-8, and links with any target', async () => {
    const entries = [
      file('a\udcffb', '1'),
      { entry: { type: 'symlink', name: 'l', ...noFacts, target: '\udc80/\u00e9\n' } } as const,
    ];
    expect(await readAll(inMemory(await archiveOf(format, entries)))).toEqual(entries);
  });
});

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const bytes of chunks) length += bytes.length;
  return length;
}

function link(name: string, target: string): Whole {
  return { entry: { type: 'hardlink', name, ...noFacts, target } };
}

describe('pax', () => {
  it('holds names of any length, times with fractions and before 1970, large numbers', async () => {
    const long = Array.from({ length: 100 }, (_, at) => `directory-${at}-\u00e9\udcff`).join('/');
    const facts = { mode: 0o644, uid: 2 ** 32 - 2, gid: 2 ** 40, modified: -1_234_567 };
    const entries: readonly Whole[] = [
      file(long, 'contents', { ...noFacts, ...facts }),
      { entry: { type: 'directory', name: `${long}-2`, ...facts } },
      { entry: { type: 'symlink', name: 'l', ...facts, modified: 1_500, target: `${long}-3` } },
      link(`${long}-4`, long),
    ];
    expect(await readAll(inMemory(await archiveOf('pax', entries)))).toEqual(entries);
  });

  it('keeps any millisecond', async () => {
    const property = fc.asyncProperty(fc.integer({ min: -1e14, max: 1e14 }), async (modified) => {
      const entries: readonly Whole[] = [{ entry: { type: 'directory', name: 'd', ...noFacts, modified } }];
      expect(await readAll(inMemory(await archiveOf('pax', entries)))).toEqual(entries);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

describe('the formats of real venus refuse what they cannot hold, by its name', () => {
  const cases: readonly (readonly [ArchiveFormat, Whole['entry']])[] = [
    ['newc', { type: 'file', name: 'big', ...noFacts, size: 2 ** 32 }],
    ['odc', { type: 'file', name: 'big', ...noFacts, size: 2 ** 33 }],
    ['ustar', { type: 'file', name: 'big', ...noFacts, size: 2 ** 33 }],
    ['tar', { type: 'file', name: 'big', ...noFacts, size: 2 ** 33 }],
    ['tar', { type: 'directory', name: 'x'.repeat(99), ...noFacts }],
    ['ustar', { type: 'directory', name: 'x'.repeat(100), ...noFacts }],
    ['ustar', { type: 'directory', name: `${'x'.repeat(156)}/y`, ...noFacts }],
    ['ustar', { type: 'symlink', name: 'l', ...noFacts, target: 'x'.repeat(101) }],
    ['tar', { type: 'hardlink', name: 'l', ...noFacts, target: 'x'.repeat(100) }],
    ['ustar', { type: 'directory', name: 'd', ...noFacts, uid: 0o10000000 }],
    ['newc', { type: 'directory', name: 'd', ...noFacts, modified: -1 }],
    ['tar', { type: 'directory', name: 'd', ...noFacts, modified: 2 ** 34 * 1000 }],
    ['newc', { type: 'hardlink', name: 'l', ...noFacts, target: 'not there' }],
    ['odc', { type: 'directory', name: 'TRAILER!!!', ...noFacts }],
  ];
  it.each(cases)('%s: %o', async (format, entry) => {
    const items = [entry.type === 'file' ? { entry, contents: [] } : { entry }];
    const refusal = drain(encodeArchive(format, items));
    await expect(refusal).rejects.toBeInstanceOf(ArchiveLimitError);
    await expect(refusal).rejects.toMatchObject({ entryName: entry.name });
    await expect(refusal).rejects.toHaveProperty('next', 'Choose the format pax, which has no such limits.');
  });

  it.each(classic)('%s: a NUL in a name', async (format) => {
    await expect(archiveOf(format, [file('a\0b', '')])).rejects.toBeInstanceOf(ArchiveLimitError);
  });

  it('odc writes nobody for a uid it has no room for', async () => {
    const [read] = await readAll(
      inMemory(await archiveOf('odc', [file('a', '', { ...noFacts, uid: 2 ** 20 })])),
    );
    expect(read?.entry.uid).toBe(65534);
  });
});

describe('ustar', () => {
  it('splits names of up to 255 bytes', async () => {
    const entries = [file(`${'p'.repeat(155)}/${'n'.repeat(100)}`, 'x')];
    expect(await readAll(inMemory(await archiveOf('ustar', entries)))).toEqual(entries);
  });
});
