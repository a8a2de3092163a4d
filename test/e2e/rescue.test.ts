import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchiveEntry, ArchiveItem } from '../../src/cml/archive/entry.ts';
import { writeCheckpoint } from '../../src/cml/checkpointFiles.ts';
import type { CmlLine } from '../../src/cml/cmlLine.ts';
import { TestRealm } from './support.ts';

let realm: TestRealm;
let archive = '';

const golden = fileURLToPath(new URL('../golden/spool/', import.meta.url));
const big = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 256));
const facts = { mode: 0o644, uid: 501, gid: 65534, modified: 1_795_000_000_000 } as const;

function fileItem(name: string, contents: Uint8Array): ArchiveItem {
  return { entry: { type: 'file', name, ...facts, size: contents.length }, contents: [contents] };
}

const item = (entry: Exclude<ArchiveEntry, { type: 'file' }>): ArchiveItem => ({ entry });

const work: readonly ArchiveItem[] = [
  item({ type: 'directory', name: 'docs', ...facts, mode: 0o755 }),
  fileItem('docs/big', big),
  item({ type: 'hardlink', name: 'docs/second', ...facts, target: 'docs/big' }),
  item({ type: 'symlink', name: 'link', ...facts, target: 'docs/big' }),
  fileItem('odd\nname', Buffer.from('odd')),
  fileItem('empty', Buffer.alloc(0)),
];

const log: readonly CmlLine[] = [
  { op: 'mkdir', path: '/coda/test.realm/docs' },
  { op: 'store', path: '/coda/test.realm/docs/large', length: big.length },
  { op: 'rename', from: '/coda/test.realm/docs/large', to: '/coda/test.realm/docs/big' },
  { op: 'link', path: '/coda/test.realm/docs/big', name: 'second' },
  { op: 'symlink', path: '/coda/test.realm/link', target: 'docs/big' },
  { op: 'store', path: '/coda/test.realm/odd\nname', length: 3 },
  { op: 'store', path: '/coda/test.realm/empty', length: 0 },
];

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('jan', '--administrator');
  await realm.login('jan');
  const spool = join(realm.data, 'clients', 'venus', 'checkpoints');
  const owner = { uid: 501, realm: 'test.realm', volume: '/' };
  ({ archive } = await writeCheckpoint(spool, owner, { lines: log, entries: work }));
});
afterAll(() => realm.end());

const rescue = (...words: readonly string[]) => realm.run('coda', ['rescue', ...words]);
const local = (...names: readonly string[]) => join(realm.directory, ...names);

describe('checkpoints', () => {
  it('are found in the data directory and in checkpointdir, with their age, entries and bytes', async () => {
    mkdirSync(local('spool', '501'), { recursive: true });
    copyFileSync(`${golden}coda.test_2130706433.cpio`, local('spool', '501', 'coda.test_u.cpio'));
    copyFileSync(`${golden}coda.test_2130706433.cml`, local('spool', '501', 'coda.test_u.cml'));
    mkdirSync(local('configuration'));
    writeFileSync(local('configuration', 'venus.conf'), `checkpointdir="${local('spool')}"\n`);
    const env = { CODACONFPATH: local('configuration') };
    const text = await realm.ok('coda', ['rescue'], { env });
    expect(text).toMatch(/^ *AGE {2}UID {2}ENTRIES +BYTES {2}ARCHIVE\n/);
    expect(text).toMatch(
      new RegExp(`^ *\\d+ s {2}501 {8}5 +1024 {2}${local('spool')}/501/coda.test_u.cpio$`, 'm'),
    );
    const document: unknown = JSON.parse(await realm.ok('coda', ['rescue', '--json'], { env }));
    expect(document).toMatchObject({
      checkpoints: [
        { uid: 501, entries: 5, bytes: 1024, name: 'coda.test_u' },
        { archive, uid: 501, entries: 7, isOld: false },
      ],
    });
    expect(await realm.ok('coda', ['rescue', '--data', local('none')])).toBe('No checkpoints.\n');
  });
});

describe('an archive', () => {
  it('is listed, with names that do nothing to a terminal', async () => {
    const { status, stdout } = await rescue(archive, 'list');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^drwxr-xr-x +501 +0 .* docs\n-rw-r--r-- +501 +300000 .* docs\/big\nh.* docs\/second is docs\/big\nl.* link -> docs\/big\n/,
    );
    const { stdout: json } = await rescue(archive, 'list', '--json');
    const lines = json
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toHaveLength(6);
    expect(lines[4]).toMatchObject({
      name: 'odd\nname',
      type: 'file',
      size: 3,
      mode: '0644',
      modified: '2026-11-18T11:06:40.000Z',
    });
  });

  it('of a real venus is listed, verified and extracted without any venus', async () => {
    const cpio = `${golden}coda.test_2130706433.cpio`;
    const nowhere = { env: { CODA_VENUS: 'unix:/nowhere/venus.sock' } };
    expect((await realm.ok('coda', ['rescue', cpio, 'list'], nowhere)).split('\n')).toHaveLength(5);
    expect(await realm.ok('coda', ['rescue', cpio, 'verify'], nowhere)).toBe(
      `${cpio}: verified (5 entries of the log; 4 in the archive, 1 of them files with 4 bytes)\n`,
    );
    await realm.ok('coda', ['rescue', cpio, 'extract', local('golden')], nowhere);
    expect(readFileSync(local('golden', 'lg', 'newfile'), 'utf8')).toBe('new\n');
    expect(readlinkSync(local('golden', 'lg', 'mm'))).toBe('#s.test.');
  });

  it('is verified, and is not once something is missing', async () => {
    expect(await rescue(archive, 'verify')).toMatchObject({ status: 0 });
    const cut = local('cut.tar');
    copyFileSync(archive, cut);
    truncateSync(cut, 100_000);
    const { status, stdout } = await rescue(cut, 'verify', '--log', archive.replace(/tar$/, 'cml'));
    expect(status).toBe(1);
    expect(stdout).toContain('NOT verified');
    expect(stdout).toContain('the archive is cut off (at byte 100000)');
    const { stdout: json } = await rescue(cut, 'verify', '--json');
    expect(JSON.parse(json)).toMatchObject({ verified: false, members: 2 });
  });

  it('is refused where there is none, with the reason', async () => {
    writeFileSync(local('none.tar'), 'no archive');
    expect(await rescue(local('none.tar'), 'list')).toMatchObject({ status: 1, stdout: '' });
    expect((await rescue(local('missing.tar'), 'list')).stderr).toBe(
      `${local('missing.tar')}: No such file or directory\n`,
    );
    expect(await rescue(archive, 'eat')).toMatchObject({ status: 2 });
    expect(await rescue(archive, 'extract')).toMatchObject({ status: 2 });
  });

  it('is extracted, once more without harm, and never over what differs', async () => {
    expect(await realm.ok('coda', ['rescue', archive, 'extract', local('out')])).toBe(
      `${local('out')}: 6 extracted\n`,
    );
    expect(readFileSync(local('out', 'docs', 'big')).equals(big)).toBe(true);
    expect(lstatSync(local('out', 'docs', 'second')).ino).toBe(lstatSync(local('out', 'docs', 'big')).ino);
    writeFileSync(local('out', 'empty'), 'mine');
    const again = await rescue(archive, 'extract', local('out'));
    expect(again).toMatchObject({ status: 1, stderr: 'empty: it is there already, and differs\n' });
    expect(again.stdout).toBe(`${local('out')}: 0 extracted, 5 there already, 1 left out\n`);
    expect(readFileSync(local('out', 'empty'), 'utf8')).toBe('mine');
    expect(await rescue(archive, 'extract', '--force', local('out'))).toMatchObject({ status: 0 });
    expect(readFileSync(local('out', 'empty'), 'utf8')).toBe('');
    expect(readdirSync(local('out')).sort()).toEqual(['docs', 'empty', 'link', 'odd\nname']);
  });

  it('that is cut off gives what precedes', async () => {
    const cut = local('cut2.tar');
    copyFileSync(archive, cut);
    truncateSync(cut, 304_000);
    const { status, stderr } = await rescue(cut, 'extract', local('partly'));
    expect(status).toBe(1);
    expect(stderr).toContain('the archive is cut off');
    expect(readFileSync(local('partly', 'docs', 'big')).equals(big)).toBe(true);
  });
});

describe('a replay', () => {
  it('restores every file byte for byte, again without harm, and asks about what differs', async () => {
    await realm.ok('coda', ['mkdir', '/coda/test.realm/back']);
    const replay = (words: readonly string[], input = '') =>
      realm.run('coda', ['rescue', archive, 'replay', '/coda/test.realm/back', ...words], { input });
    expect(await replay([])).toMatchObject({
      status: 0,
      stdout: '/coda/test.realm/back: 6 made, 0 identical\n',
    });
    await realm.ok('coda', ['rescue', archive, 'extract', local('copy')]);
    await realm.ok('coda', [
      'put',
      '--exclusive',
      local('copy', 'docs', 'big'),
      '/coda/test.realm/back/control',
    ]);
    expect(await realm.ok('coda', ['cat', '/coda/test.realm/back/docs/big'])).toBe(big.toString());
    expect(await realm.ok('coda', ['cat', '/coda/test.realm/back/odd\nname'])).toBe('odd');
    expect(await replay([])).toMatchObject({
      status: 0,
      stdout: '/coda/test.realm/back: 0 made, 6 identical\n',
    });

    await realm.ok('coda', ['put', '-', '/coda/test.realm/back/empty'], { input: 'newer' });
    const kept = await replay([], 'n\n');
    expect(kept.status).toBe(1);
    expect(kept.stderr).toMatch(
      /back\/empty differs:\n {2}in the archive: file, 0 bytes, .*\n {2}in Coda: {8}file, 5 bytes, .* of jan\nReplace it/,
    );
    expect(await realm.ok('coda', ['cat', '/coda/test.realm/back/empty'])).toBe('newer');
    expect(await replay(['--yes'])).toMatchObject({ status: 0 });
    expect(await realm.ok('coda', ['cat', '/coda/test.realm/back/empty'])).toBe('');
    const { stdout: json } = await replay(['--json']);
    expect(JSON.parse(json)).toMatchObject({
      made: 0,
      identical: 6,
      kept: 0,
      failed: 0,
      differing: 0,
      failures: [],
    });
  });

  it('says that there is no venus', async () => {
    const env = { CODA_VENUS: `unix:${local('none.sock')}` };
    expect(await realm.run('coda', ['rescue', archive, 'replay', '/coda/test.realm'], { env })).toMatchObject(
      { status: 3 },
    );
  });
});
