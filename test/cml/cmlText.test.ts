import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CmlLine } from '../../src/cml/cmlLine.ts';
import { CmlTextError, parseCml } from '../../src/cml/cmlRecords.ts';
import { formatCmlLine, parseCmlLine } from '../../src/cml/cmlText.ts';
import { encodeText } from '../../src/ipc/text.ts';
import { relativeName } from './archive/support.ts';

const cases: readonly (readonly [string, CmlLine])[] = [
  ['Store \t/coda/r/f (length = 4)', { op: 'store', path: '/coda/r/f', length: 4 }],
  ['Store \t/coda/r/f (length = 5368709120)', { op: 'store', path: '/coda/r/f', length: 5 * 2 ** 30 }],
  ['Store \t/coda/r/a (length = 1) (length = 4)', { op: 'store', path: '/coda/r/a (length = 1)', length: 4 }],
  ['Utime \t/coda/r/f', { op: 'utimes', path: '/coda/r/f' }],
  ['Chown \t/coda/r/f (owner = 501)', { op: 'chown', path: '/coda/r/f', owner: 501 }],
  ['Chmod \t/coda/r/f (mode = 755)', { op: 'chmod', path: '/coda/r/f', mode: 0o755 }],
  ['Create \t/coda/r/f', { op: 'create', path: '/coda/r/f' }],
  ['Remove \t???//f', { op: 'remove', path: '???//f' }],
  ['Link \t/coda/r/f to g', { op: 'link', path: '/coda/r/f', name: 'g' }],
  ['Link \t/coda/a to b/f to g', { op: 'link', path: '/coda/a to b/f', name: 'g' }],
  ['Rename \t/coda/r/f (to: /coda/r/d/g)', { op: 'rename', from: '/coda/r/f', to: '/coda/r/d/g' }],
  ['Mkdir \t/coda/r/d', { op: 'mkdir', path: '/coda/r/d' }],
  ['Rmdir \t/coda/r/d', { op: 'rmdir', path: '/coda/r/d' }],
  ['Symlink /coda/r/l (--> #s.test.)', { op: 'symlink', path: '/coda/r/l', target: '#s.test.' }],
  ['Disconnected Repair by an ASR for 7f000001.1.1', { op: 'repair', fid: '7f000001.1.1' }],
];

async function parseAll(bytes: Uint8Array, chunk = 7): Promise<CmlLine[]> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk)
      yield await Promise.resolve(bytes.subarray(at, at + chunk));
  }
  const lines: CmlLine[] = [];
  for await (const line of parseCml(chunks())) lines.push(line);
  return lines;
}

const text = (...lines: readonly string[]) => encodeText(lines.map((line) => `${line}\n`).join(''));

describe('a line of a log', () => {
  it.each(cases)('%s', (written, line) => {
    expect(parseCmlLine(written)).toEqual(line);
    expect(formatCmlLine(line)).toBe(written);
  });

  it.each([
    '',
    'Store',
    'Store \t',
    'Store \t/f',
    'Store \t/f (length = -1)',
    'Store \t/f (length = x)',
    'Chmod \t/f (mode = 9)',
    'Link \t/f',
    'Rename \t/f',
    'Symlink /f',
    'Fetch \t/f',
    'Symlinks /f (--> g)',
  ])('is none: %s', (written) => expect(parseCmlLine(written)).toBeUndefined());
});

describe('the text of a log', () => {
  it('recorded from a real venus is read and written to the byte', async () => {
    const golden = new URL('../golden/spool/coda.test_2130706433.cml', import.meta.url);
    const bytes = new Uint8Array(readFileSync(fileURLToPath(golden)));
    const lines = await parseAll(bytes);
    expect(lines.map(({ op }) => op)).toEqual(['create', 'store', 'mkdir', 'symlink', 'symlink']);
    expect(new Uint8Array(text(...lines.map(formatCmlLine)))).toEqual(bytes);
  });

  it('gives back what was written, in chunks of any size', async () => {
    // What the format itself cannot tell apart is left out.
    const path = relativeName.map((name) => `/coda/r/${name}`).filter((each) => !/ to | \(|\n/.test(each));
    const number = fc.nat();
    const line: fc.Arbitrary<CmlLine> = fc.oneof(
      fc.record({ op: fc.constant('store'), path, length: fc.nat({ max: Number.MAX_SAFE_INTEGER }) }),
      fc.record({ op: fc.constant('chown'), path, owner: number }),
      fc.record({ op: fc.constant('chmod'), path, mode: fc.nat({ max: 0o7777 }) }),
      fc.record({ op: fc.constantFrom('utimes', 'create', 'remove', 'mkdir', 'rmdir'), path }),
      fc.record({ op: fc.constant('link'), path, name: path.map((each) => each.replaceAll('/', '_')) }),
      fc.record({ op: fc.constant('rename'), from: path, to: path }),
      fc.record({ op: fc.constant('symlink'), path, target: path }),
      fc.record({ op: fc.constant('repair'), fid: fc.constant('7f000001.2.3') }),
    );
    const property = fc.asyncProperty(
      fc.array(line),
      fc.integer({ min: 1, max: 50 }),
      async (lines, chunk) => {
        expect(await parseAll(text(...lines.map(formatCmlLine)), chunk)).toEqual(lines);
      },
    );
    await fc.assert(property);
  });

  it('may have names with newlines', async () => {
    expect(
      await parseAll(text('Create \t/coda/a\nb', 'Store \t/coda/a\nb (length = 1)', 'Utime \t/coda/\n')),
    ).toEqual([
      { op: 'create', path: '/coda/a\nb' },
      { op: 'store', path: '/coda/a\nb', length: 1 },
      { op: 'utimes', path: '/coda/\n' },
    ]);
  });

  it('is refused with the line at which it makes no sense', async () => {
    await expect(parseAll(text('no log'))).rejects.toMatchObject({ code: 'cml-text', line: 1 });
    await expect(parseAll(text('Create \t/f', 'Store \t/f', 'Create \t/g'))).rejects.toMatchObject({
      line: 2,
    });
    await expect(parseAll(text('Create \t/f', 'Create \t/g').subarray(0, -1))).rejects.toMatchObject({
      line: 2,
    });
    await expect(parseAll(encodeText(`Create \t/${'x'.repeat(300_000)}\n`), 1000)).rejects.toThrow(
      CmlTextError,
    );
  });

  it('never makes the reader fail otherwise', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.constantFrom(...cases.map(([each]) => each), '', 'x')).map((lines) => text(...lines)),
    );
    const property = fc.asyncProperty(bytes, async (some) => {
      const outcome = await parseAll(some).catch((error: unknown) => error);
      expect(Array.isArray(outcome) || outcome instanceof CmlTextError).toBe(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
