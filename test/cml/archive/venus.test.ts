/** Archives as real venus writes them: one recorded, the rest made by hand after spec/cml.md, 5.4 and 8. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { archiveOf, file, inMemory, noFacts, readAll } from './support.ts';

const golden = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../golden/spool/${name}`, import.meta.url))));

const when = { uid: 0, gid: 65534, modified: 0x6b00b568 * 1000 };

describe('a recorded checkpoint', () => {
  it.each(['coda.test_2130706433.cpio', 'coda.test_2130706433.cpio.old'])('%s', async (name) => {
    expect(await readAll(inMemory(golden(name)))).toEqual([
      file('lg/newfile', 'new\n', { ...noFacts, ...when, mode: 0o644 }),
      { entry: { type: 'directory', name: 'lg/dloc', mode: 0o755, ...when } },
      { entry: { type: 'symlink', name: 'lg/sl', mode: 0o777, ...when, target: 'f' } },
      { entry: { type: 'symlink', name: 'lg/mm', mode: 0o777, ...when, target: '#s.test.' } },
    ]);
  });

  it('is what our own writer makes of the same entries, but for the counter of venus', async () => {
    const bytes = golden('coda.test_2130706433.cpio');
    const ours = Buffer.from(await archiveOf('newc', await readAll(inMemory(bytes))));
    const inodes = [0, 0x80, 0xf8, 0x170];
    for (const [at, offset] of inodes.entries()) {
      ours.write((0x28 + at).toString(16).toUpperCase().padStart(8, '0'), offset + 6);
    }
    expect(ours.toString('latin1')).toBe(Buffer.from(bytes).toString('latin1'));
  });
});

describe('hard links of real venus', () => {
  it('in newc are records without data, with the inode of the one before and any link count', async () => {
    const bytes = Buffer.from(
      await archiveOf('newc', [
        file('a', 'data'),
        { entry: { type: 'hardlink', name: 'b', ...noFacts, target: 'a' } },
        file('c', ''),
      ]),
    );
    const record = bytes.indexOf('b\0') - 110;
    bytes.write('00000000', record + 38);
    expect(await readAll(inMemory(new Uint8Array(bytes)))).toEqual([
      file('a', 'data'),
      { entry: { type: 'hardlink', name: 'b', ...noFacts, target: 'a' } },
      file('c', ''),
    ]);
  });

  it('in tar have a target with a slash in front that is in no name', async () => {
    const whole = [
      file('d/a', 'data'),
      { entry: { type: 'hardlink', name: 'd/b', ...noFacts, target: '/d/a' } } as const,
    ];
    for (const format of ['tar', 'ustar'] as const) {
      const [, link] = await readAll(inMemory(await archiveOf(format, whole)));
      expect(link?.entry).toMatchObject({ type: 'hardlink', name: 'd/b', target: 'd/a' });
    }
  });
});

describe('ustar of real venus', () => {
  it('has a prefix with its slash', async () => {
    const name = `${'p'.repeat(60)}/${'n'.repeat(60)}`;
    const bytes = Buffer.from(await archiveOf('ustar', [file(name, 'x')]));
    bytes.write('/', 345 + 60);
    bytes.write('        ', 148);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(await readAll(inMemory(new Uint8Array(bytes)))).toEqual([file(name, 'x')]);
  });
});

describe('inode numbers of odc', () => {
  it('that are used again for another file make no hard link of it', async () => {
    const many = 0o777777 + 10;
    const directory = { type: 'directory', ...noFacts } as const;
    function* items() {
      yield {
        entry: { type: 'file', name: 'first', ...noFacts, size: 1 },
        contents: [Uint8Array.of(1)],
      } as const;
      for (let at = 2; at <= 0o777777; at++) yield { entry: { ...directory, name: 'd' } };
      for (let at = 0; at < many - 0o777777; at++) {
        yield {
          entry: { type: 'file', name: `e${at}`, ...noFacts, size: 1 },
          contents: [Uint8Array.of(2)],
        } as const;
      }
    }
    const { encodeArchive } = await import('../../../src/cml/archive/archiveWriter.ts');
    const parts: Uint8Array[] = [];
    for await (const bytes of encodeArchive('odc', items())) parts.push(bytes);
    const read = await readAll(inMemory(new Uint8Array(Buffer.concat(parts))));
    expect(read.at(-1)?.entry).toMatchObject({ type: 'file', name: 'e9', size: 1 });
  });
});
