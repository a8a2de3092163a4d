import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveReader } from '../../../src/cml/archive/archiveReader.ts';
import { archiveFormats } from '../../../src/cml/archive/entry.ts';
import { ArchiveError } from '../../../src/cml/archive/errors.ts';
import { archiveOf, chunked, file, inMemory, noFacts, readInto, type Whole } from './support.ts';

const tree: readonly Whole[] = [
  { entry: { type: 'directory', name: 'docs', ...noFacts, mode: 0o755 } },
  file('docs/one', 'contents of one'),
  { entry: { type: 'symlink', name: 'docs/link', ...noFacts, mode: 0o777, target: 'one' } },
  file('docs/two', 'x'.repeat(700)),
  { entry: { type: 'hardlink', name: 'docs/three', ...noFacts, target: 'docs/two' } },
  file('four', 'four'),
];

/** What was read, and what ended it. */
async function tryToRead(...args: [Parameters<typeof readInto>[1], Parameters<typeof readInto>[2]?]) {
  const found: Whole[] = [];
  try {
    await readInto(found, ...args);
    return { found, error: undefined };
  } catch (error) {
    return { found, error };
  }
}

describe.each(archiveFormats)('a damaged archive in the format %s', (format) => {
  it('cut off anywhere is reported where it ends; what precedes stays readable', async () => {
    const bytes = await archiveOf(format, tree);
    const end = endOfArchive(bytes);
    // Less than a tar header could be anything.
    const isCpio = format === 'newc' || format === 'odc';
    const lengths = Array.from({ length: end }, (_, length) => length);
    for (const length of lengths.filter((each) => isCpio || each < 6 || each >= 512)) {
      const cut = bytes.subarray(0, length);
      for (const input of [inMemory(cut), chunked(cut, [100])]) {
        const { found, error } = await tryToRead(input);
        expect(error).toBeInstanceOf(ArchiveError);
        expect(error).toMatchObject({ offset: length, fault: length === 0 ? 'empty' : 'truncated' });
        expect(found).toEqual(tree.slice(0, found.length));
      }
    }
    expect((await tryToRead(inMemory(bytes.subarray(0, end)))).error).toBeUndefined();
  });

  it('with any bits flipped is read or refused, with and without going on', { timeout: 60_000 }, async () => {
    const bytes = await archiveOf(format, tree);
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(7)), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(flips, fc.boolean(), async (places, goesOn) => {
      const damaged = new Uint8Array(bytes);
      for (const [at, bit] of places) damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      for (const input of [inMemory(damaged), chunked(damaged, [333])]) {
        const { error } = await tryToRead(input, goesOn ? { onFault: () => undefined } : {});
        expect(error === undefined || error instanceof ArchiveError).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('says where a header is bad, and can go on behind it', async () => {
    const bytes = await archiveOf(format, tree);
    const offset = await offsetOf(bytes, 'docs/two');
    const damaged = new Uint8Array(bytes);
    damaged[offset] = 0xff;
    const { found, error } = await tryToRead(inMemory(damaged));
    expect(error).toMatchObject({ code: 'archive', fault: 'corrupt', offset });
    expect(found).toEqual(tree.slice(0, 3));
    for (const input of [inMemory(damaged), chunked(damaged, [100])]) {
      const faults: ArchiveError[] = [];
      const rest = await tryToRead(input, { onFault: (fault) => faults.push(fault) });
      expect(rest.error).toBeUndefined();
      expect(faults).toMatchObject([{ offset }]);
      expect(namesOf(rest.found)).toEqual(expect.arrayContaining(['docs', 'docs/one', 'docs/link', 'four']));
    }
  });

  it('has more or less data than a header says: the entries behind it can still be had', async () => {
    const bytes = await archiveOf(format, tree);
    const offset = await offsetOf(bytes, 'docs/two');
    const inData = offset + (format === 'newc' || format === 'odc' ? 200 : 600);
    const without = (count: number) => [bytes.subarray(0, inData), bytes.subarray(inData + count)];
    const withMore = [bytes.subarray(0, inData), Buffer.alloc(1024, 'y'), bytes.subarray(inData)];
    // In v7 tar only the place of a header tells it from data.
    const ways = format === 'tar' ? [withMore] : [withMore, without(100), without(301)];
    for (const damaged of ways.map((parts) => new Uint8Array(Buffer.concat(parts)))) {
      const faults: ArchiveError[] = [];
      const { found, error } = await tryToRead(inMemory(damaged), { onFault: (fault) => faults.push(fault) });
      expect(error).toBeUndefined();
      expect(faults).not.toEqual([]);
      expect(found).toContainEqual(tree.at(-1));
    }
  });

  it('is refused where it is none at all', async () => {
    for (const bytes of [Buffer.from('no archive at all'), Buffer.alloc(2000, 'x'), Buffer.from('07')]) {
      const { error } = await tryToRead(inMemory(new Uint8Array(bytes)));
      expect(error).toBeInstanceOf(ArchiveError);
    }
  });
});

describe('a hostile archive', () => {
  it('may be any bytes behind a magic', async () => {
    const start = fc.constantFrom('070701', '070707', '070702', '');
    const property = fc.asyncProperty(start, fc.uint8Array({ maxLength: 3000 }), async (magic, rest) => {
      const bytes = new Uint8Array(Buffer.concat([Buffer.from(magic), rest]));
      const { error } = await tryToRead(inMemory(bytes), { onFault: () => undefined });
      expect(error === undefined || error instanceof ArchiveError).toBe(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('cannot make the reader hold a name of gigabytes', async () => {
    const bytes = Buffer.from(await archiveOf('newc', [file('a', '1')]));
    bytes.write('FFFFFFFF', 94);
    expect((await tryToRead(inMemory(new Uint8Array(bytes)))).error).toMatchObject({ fault: 'corrupt' });
    const link: Whole = { entry: { type: 'symlink', name: 'l', ...noFacts, target: 't' } };
    const longTarget = Buffer.from(await archiveOf('newc', [link]));
    longTarget.write('FFFFFFFF', 54);
    expect((await tryToRead(inMemory(new Uint8Array(longTarget)))).error).toMatchObject({ fault: 'corrupt' });
  });

  it('cannot make the reader hold records of gigabytes', async () => {
    const bytes = Buffer.from(await archiveOf('pax', [file('a', '1')]));
    bytes.write('77777777777', 124);
    bytes.write('        ', 148);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const { error } = await tryToRead(inMemory(new Uint8Array(bytes)));
    expect(error).toMatchObject({ fault: 'corrupt', offset: 0 });
  });
});

/** Where the padding behind the end begins, without which nothing is missing. */
function endOfArchive(bytes: Uint8Array): number {
  const trailer = Buffer.from(bytes).lastIndexOf('TRAILER!!!');
  if (trailer < 0) return bytes.length;
  const isNewc = bytes[5] === 0x31;
  const end = trailer + 'TRAILER!!!'.length + 1;
  return isNewc ? Math.ceil(end / 4) * 4 : end;
}

async function offsetOf(bytes: Uint8Array, name: string): Promise<number> {
  const reader = await ArchiveReader.open(inMemory(bytes));
  for (let read = await reader.next(); read; read = await reader.next()) {
    if (read.entry.name === name) return read.offset;
  }
  throw new Error(`${name} is not there`);
}

function namesOf(found: readonly Whole[]): readonly string[] {
  return found.map(({ entry }) => entry.name);
}
