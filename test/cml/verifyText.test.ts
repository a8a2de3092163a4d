import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CmlLine } from '../../src/cml/cmlLine.ts';
import { parseCml } from '../../src/cml/cmlRecords.ts';
import { formatCmlLine } from '../../src/cml/cmlText.ts';
import { encodeText } from '../../src/ipc/text.ts';
import { verifyCheckpoint } from '../../src/cml/verify.ts';
import { type Whole, archiveOf, file, inMemory, noFacts } from './archive/support.ts';

/** Few, so that they meet; some look like parts of a line, some are no text at all. */
const name = fc.constantFrom(
  ...[
    'f',
    'g',
    'file-1',
    'file-2',
    'd',
    'd e',
    '..',
    '.',
    '',
    '???',
    'é',
    '\udcff',
    'f\ng',
    'f\nCreate \t/g',
  ],
  ...['f (length = 3)', 'f (length = ', ')', 'f (to: g', 'f to g', 'a-name-of-more-than-sixteen-bytes'],
);
const directory = fc.constantFrom('/coda/r', '/coda/r', '/coda/r/d', '/coda/r/d/d', '/coda//r', '???', '');
const path = fc.tuple(directory, name).map((parts) => parts.join('/'));
const size = fc.constantFrom(0, 1, 1, 1, 2, 5 * 2 ** 30, Number.MAX_SAFE_INTEGER);

const line: fc.Arbitrary<CmlLine> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('store'), path, length: size }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('create'), path }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('mkdir', 'remove', 'rmdir', 'utimes'), path }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('rename'), from: path, to: path }) },
  fc.record({ op: fc.constant('link'), path, name: fc.constantFrom('f', 'g', 'h', 'é') }),
  fc.record({ op: fc.constant('symlink'), path, target: name }),
  fc.record({ op: fc.constant('chmod'), path, mode: fc.constant(0o644) }),
  fc.record({ op: fc.constant('repair'), fid: fc.constant('7f000000.2.3') }),
);

const inArchive = fc
  .tuple(fc.constantFrom('', 'd', 'd/d', 'r', 'r/d'), name)
  .map((parts) => parts.filter((part) => part !== '').join('/'))
  .filter((some) => some !== '');
const member: fc.Arbitrary<Whole> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(inArchive, fc.constantFrom('', '1', '12')).map(([at, text]) => file(at, text)),
  },
  inArchive.map((at): Whole => ({ entry: { type: 'directory', name: at, ...noFacts } })),
  fc
    .tuple(inArchive, inArchive)
    .map(([at, target]): Whole => ({ entry: { type: 'symlink', name: at, ...noFacts, target } })),
  fc
    .tuple(inArchive, inArchive)
    .map(([at, target]): Whole => ({ entry: { type: 'hardlink', name: at, ...noFacts, target } })),
);
const root = fc.constantFrom(undefined, undefined, '/coda/r', '/coda', '/coda/r/d');

async function* inChunks(bytes: Uint8Array, chunk: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk)
    yield await Promise.resolve(bytes.subarray(at, at + chunk));
}

/** The verification of a log as text, in chunks of any size, and of the same log as entries that were understood before. */
async function bothWays(
  text: Uint8Array,
  members: readonly Whole[],
  chunk: number,
  known: { readonly root?: string; readonly pending?: number },
) {
  const bytes = await archiveOf('pax', members);
  const archive = () => inMemory(bytes);
  const lines = parseCml(inChunks(text, text.length));
  return {
    fromText: await verifyCheckpoint({ text: inChunks(text, chunk), archive: archive(), ...known }),
    fromLines: await verifyCheckpoint({ lines, archive: archive(), ...known }),
  };
}

const textOf = (lines: readonly CmlLine[]) =>
  encodeText(lines.map((each) => `${formatCmlLine(each)}\n`).join(''));

describe('a log that is verified as text', () => {
  it('gets the verdict of its entries, whatever is in them and in the archive', async () => {
    const property = fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.array(member, { maxLength: 8 }),
      fc.integer({ min: 1, max: 200 }),
      root,
      async (lines, members, chunk, at) => {
        const known = at === undefined ? {} : { root: at };
        const { fromText, fromLines } = await bothWays(textOf(lines), members, chunk, known);
        expect(fromText).toEqual(fromLines);
      },
    );
    await fc.assert(property, { numRuns: 1000 });
  });

  it('gets the same message where it is broken', async () => {
    const broken = fc
      .tuple(
        fc.array(line, { maxLength: 8 }),
        fc.constantFrom('nonsense\n', 'Store \t/x\n', 'Create \t', 'x'),
        fc.nat(),
      )
      .map(([lines, what, seed]) => {
        const texts = lines.map((each) => `${formatCmlLine(each)}\n`);
        const at = seed % (texts.length + 1);
        return encodeText([...texts.slice(0, at), what, ...texts.slice(at)].join(''));
      });
    const property = fc.asyncProperty(broken, fc.integer({ min: 1, max: 100 }), async (text, chunk) => {
      const { fromText, fromLines } = await bothWays(text, [file('f', '1')], chunk, {});
      expect(fromText).toEqual(fromLines);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('may have entries of any number of lines up to a limit, and is refused beyond it', async () => {
    const long = (count: number) => textOf([{ op: 'create', path: `/coda/r/${'x\n'.repeat(count)}y` }]);
    const verdict = async (text: Uint8Array) =>
      (await verifyCheckpoint({ text: inChunks(text, 1000), archive: undefined })).problems[0]?.message;
    expect(await verdict(long(50_000))).toBe('there is no archive');
    expect(await verdict(long(200_000))).toBe('line 1 of the log: it is too long');
    expect(await verdict(Buffer.concat([long(3), encodeText('x'.repeat(300_000))]))).toBe(
      'line 5 of the log: it is too long',
    );
  });
});
