/** Our archives read by GNU tar, GNU cpio and libarchive, and theirs by us. Programs that are not there are skipped. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ArchiveFormat } from '../../../src/cml/archive/entry.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { archiveOf, file, inMemory, noFacts, patternOf, readAll, type Whole } from './support.ts';

const path = useTemporaryDirectory();
const has = (program: string) => spawnSync(program, ['--version']).status === 0;

const long = `${'directory/'.repeat(20)}file-\u00e9`;
const contents = patternOf(70_000, 7);
const tree = (format: ArchiveFormat): readonly Whole[] => [
  { entry: { type: 'directory', name: 'd', ...noFacts, mode: 0o755 } },
  file('d/file', contents),
  { entry: { type: 'hardlink', name: 'd/second', ...noFacts, target: 'd/file' } },
  { entry: { type: 'symlink', name: 'd/link', ...noFacts, mode: 0o777, target: 'file' } },
  file('d/empty', '', { ...noFacts, mode: 0o600 }),
  file('odd\udcff\nname', 'odd'),
  ...(format === 'tar' ? [] : [file(long, 'deep')]),
];

function shell(script: string, input?: Uint8Array): void {
  const { status, stderr } = spawnSync('/bin/sh', ['-ec', script], { cwd: path(), input });
  if (status !== 0) throw new Error(`${script}: ${stderr.toString()}`);
}

function expectExtracted(format: ArchiveFormat): void {
  expect(readFileSync(path('d/file'), 'latin1')).toBe(contents);
  expect(lstatSync(path('d/second')).ino).toBe(lstatSync(path('d/file')).ino);
  expect(readlinkSync(path('d/link'))).toBe('file');
  expect(lstatSync(path('d/empty'))).toMatchObject({ size: 0, mode: 0o100600 });
  const odd = Buffer.concat([Buffer.from(path('odd')), Buffer.from([0xff, 0x0a]), Buffer.from('name')]);
  expect(readFileSync(odd, 'utf8')).toBe('odd');
  if (format !== 'tar') expect(readFileSync(path(long), 'utf8')).toBe('deep');
}

const readers: readonly (readonly [string, string, readonly ArchiveFormat[]])[] = [
  ['tar', 'LC_ALL=C tar -xpf -', ['pax', 'ustar', 'tar']],
  ['cpio', 'cpio --quiet -idm', ['newc', 'odc']],
  ['bsdtar', 'LC_ALL=C bsdtar -xpf -', ['pax', 'ustar', 'tar', 'newc']],
];

describe.each(readers.filter(([program]) => has(program)))('%s reads ours', (_program, script, formats) => {
  it.each(formats)('%s', async (format) => {
    shell(script, await archiveOf(format, tree(format)));
    expectExtracted(format);
  });
});

const writers: readonly (readonly [string, string])[] = [
  ['tar', 'tar --format=pax -cf ../a *'],
  ['tar', 'tar --format=ustar -cf ../a *'],
  ['tar', 'tar --format=gnu -cf ../a *'],
  ['tar', 'tar --format=v7 -cf ../a d f'],
  ['cpio', 'find * -print0 | cpio --quiet -0 -o -H newc > ../a'],
  ['cpio', 'find * -print0 | cpio --quiet -0 -o -H odc > ../a'],
  ['bsdtar', 'bsdtar --format=pax -cf ../a *'],
  ['bsdtar', 'bsdtar --format=newc -cf ../a *'],
  ['bsdcpio', 'find * | bsdcpio --quiet -o -H odc > ../a'],
];

describe('we read theirs', () => {
  it.each(writers.filter(([program]) => has(program)))('%s: %s', async (_program, script) => {
    mkdirSync(path('in', 'd'), { recursive: true });
    writeFileSync(path('in', 'd', 'a'), contents, 'latin1');
    linkSync(path('in', 'd', 'a'), path('in', 'd', 'b'));
    symlinkSync('a', path('in', 'd', 'l'));
    writeFileSync(path('in', 'f'), 'f');
    chmodSync(path('in', 'f'), 0o640);
    const isShort = /v7|ustar/.test(script);
    const name = isShort ? 'f' : `long-${'n'.repeat(120)}`;
    writeFileSync(path('in', name), 'f', { mode: 0o640 });
    shell(`cd in; ${script}`);
    const read = await readAll(inMemory(new Uint8Array(readFileSync(path('a')))));
    const entries = new Map(read.map((whole) => [whole.entry.name, whole]));
    expect([...entries.keys()].sort()).toEqual([...new Set(['d', 'd/a', 'd/b', 'd/l', 'f', name])].sort());
    expect(entries.get('d')?.entry.type).toBe('directory');
    expect(entries.get('d/l')?.entry).toMatchObject({ type: 'symlink', target: 'a' });
    expect(entries.get(name)).toMatchObject({ entry: { mode: 0o640, type: 'file' }, contents: 'f' });
    expect(contentsThrough(entries, 'd/a')).toBe(contents);
    expect(contentsThrough(entries, 'd/b')).toBe(contents);
  });
});

/** What a name has, itself or as a further name of another. */
function contentsThrough(entries: ReadonlyMap<string, Whole>, name: string): string | undefined {
  const whole = entries.get(name);
  return whole?.entry.type === 'hardlink' ? contentsThrough(entries, whole.entry.target) : whole?.contents;
}
