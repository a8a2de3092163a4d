import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRealm, run, bin } from './support.ts';

let realm: TestRealm;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('jan', '--administrator');
  await realm.login('jan');
});
afterAll(() => realm.end());

const coda = (...words: readonly string[]) => realm.run('coda', words);
const put = (path: string, contents: string) => realm.ok('coda', ['put', '-', path], { input: contents });

describe('files of an unmounted venus', () => {
  it('are put, listed, read, moved and removed', async () => {
    await realm.ok('coda', ['mkdir', 'dir', 'dir/sub']);
    const local = join(realm.directory, 'local');
    writeFileSync(local, 'from a file\n', { mode: 0o640 });
    await realm.ok('coda', ['put', local, 'dir']);
    await put('dir/b', 'from stdin\n');
    expect(await realm.ok('coda', ['ls', 'dir'])).toBe('b\nlocal\nsub\n');
    expect(await realm.ok('coda', ['ls', '-l', 'dir/local'])).toMatch(/^-rw-r----- {3}1 jan +12 \w{3} /);
    expect(await realm.ok('coda', ['cat', 'dir/local', 'dir/b'])).toBe('from a file\nfrom stdin\n');
    await realm.ok('coda', ['mv', 'dir/local', 'dir/b', 'dir/sub']);
    expect(await realm.ok('coda', ['ls', 'dir/sub'])).toBe('b\nlocal\n');
    expect(await coda('rm', 'dir')).toMatchObject({ status: 1, stderr: 'dir: Directory not empty\n' });
    await realm.ok('coda', ['rm', '-r', 'dir']);
    expect(await coda('ls', 'dir')).toMatchObject({ status: 1, stderr: 'dir: No such file or directory\n' });
  });

  it('keep every byte of their contents', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 256));
    const local = join(realm.directory, 'bytes');
    writeFileSync(local, bytes);
    await realm.ok('coda', ['put', local, 'bytes']);
    const script = `${bin}/coda cat bytes > ${local}.back`;
    await run('/bin/sh', ['-c', script], { env: realm.env });
    expect(readFileSync(`${local}.back`).equals(bytes)).toBe(true);
  });

  it('may have any name', async () => {
    const names = ['two words', 'line\nbreak', "quote'", 'ünïcode', '-dash', '*?', 'x'.repeat(255)];
    await realm.ok('coda', ['mkdir', 'names']);
    for (const name of names) await put(`names/${name}`, name);
    const listing: unknown = JSON.parse(await realm.ok('coda', ['ls', '--json', 'names']));
    expect(listing).toMatchObject({
      directories: [{ entries: [...names].sort().map((name) => ({ name })) }],
    });
    for (const name of names) expect(await realm.ok('coda', ['cat', `names/${name}`])).toBe(name);
  });

  it('may have names that are no UTF-8, typed and shown as they are', async () => {
    const script = `cd / && n=$(printf 'a\\377b'); coda mkdir raw && echo hi | coda put - "raw/$n" && coda ls raw | od -An -tx1 && coda cat "raw/$n" && coda ls --json raw`;
    const env = { ...realm.env, PATH: `${bin}:${realm.env['PATH']}` };
    const { status, stdout } = await run('/bin/sh', ['-c', script], { env });
    expect(status).toBe(0);
    expect(stdout).toContain(' 61 ff 62 0a\nhi\n');
    expect(stdout).toContain('"base64": "Yf9i"');
  });

  it('have symbolic links, and second names in the same directory', async () => {
    await realm.ok('coda', ['mkdir', 'links']);
    await put('links/file', 'one\n');
    await realm.ok('coda', ['ln', 'links/file', 'links/second']);
    await realm.ok('coda', ['ln', '-s', 'file', 'links/symbolic']);
    await put('links/second', 'two\n');
    expect(await realm.ok('coda', ['cat', 'links/file', 'links/symbolic'])).toBe('two\ntwo\n');
    expect(await realm.ok('coda', ['ls', '-l', 'links'])).toMatch(
      / 2 jan .* file\n.* 2 jan .* second\nlrwx.* -> file\n$/,
    );
    const gf = (name: string) => realm.ok('cfs', ['getfid', `links/${name}`]);
    expect(await gf('second')).toBe(await gf('file'));
    await realm.ok('coda', ['mkdir', 'links/deeper']);
    expect(await coda('ln', 'links/file', 'links/deeper/third')).toMatchObject({
      status: 1,
      stderr: 'links/deeper/third: Invalid cross-device link\n',
    });
  });

  it('are not replaced with --exclusive', async () => {
    await put('once', 'first\n');
    const again = await realm.run('coda', ['put', '--exclusive', '-', 'once'], { input: 'second\n' });
    expect(again).toMatchObject({ status: 1, stderr: 'once: File exists\n' });
    expect(await realm.ok('coda', ['cat', 'once'])).toBe('first\n');
  });

  it('cannot be put where they cannot be read', async () => {
    expect(await coda('put', '/nosuch/file', 'x')).toMatchObject({
      status: 1,
      stderr: 'coda: /nosuch/file: cannot be read\n',
    });
    expect(await coda('ls', 'x')).toMatchObject({ status: 1 });
  });
});

describe('volumes', () => {
  it('are made, mounted, limited, listed and unmounted', async () => {
    await realm.ok('coda', ['realm', 'volume', 'create', 'u.jan', '--owner', 'jan', '--quota', '100']);
    await realm.ok('cfs', ['mkmount', 'jan', 'u.jan']);
    expect(await realm.ok('cfs', ['lsmount', 'jan'])).toBe('Mount point for volume "u.jan."\n');
    expect(await realm.ok('cfs', ['lv', 'jan'])).toMatch(
      /^ {2}Status of volume 7f000001 \(2130706433\) named "u\.jan"\n {2}Volume type is ReadWrite\n {2}Connection State is Reachable\n {2}Reintegration age: 0 sec, time 0\.000 sec\n {2}Minimum quota is 0, maximum quota is 100\n {2}Current blocks used are 2\n {2}The partition has \d+ blocks available out of \d+\n\n$/,
    );
    expect(await realm.ok('cfs', ['lv', 'jan', '-local', 'jan'])).toMatch(
      /Volume type is ReadWrite[^]*Volume type is Replicated/,
    );
    expect(await realm.ok('cfs', ['gmt', '7f000001@test.realm'])).toBe(
      '7f000001@test.realm:  /coda/test.realm/jan\n',
    );
    expect(await realm.ok('cfs', ['setquota', 'jan', '50'])).toBe(
      'maximum quota is 100\nNew value of vs->MaxQuota will be set to 50\n',
    );
    const big = await realm.run('coda', ['put', '-', 'jan/big'], { input: 'x'.repeat(60_000) });
    expect(big).toMatchObject({ status: 1, stderr: 'jan/big: Disk quota exceeded\n' });
    // Contents without an end are refused as soon as there is no room for more.
    const endless = await realm.run('coda', ['put', '/dev/zero', 'jan/endless']);
    expect(endless).toMatchObject({ status: 1, stderr: 'jan/endless: Disk quota exceeded\n' });
    expect(await realm.ok('coda', ['ls', 'jan'])).toBe('');
    expect(await coda('rm', '-r', 'jan')).toMatchObject({
      status: 1,
      stderr: 'jan: Device or resource busy\n',
    });
    await realm.ok('cfs', ['rmmount', 'jan']);
    expect(await coda('ls', 'jan')).toMatchObject({ status: 1 });
    expect(await realm.ok('coda', ['realm', 'volume', 'list'])).toContain('u.jan');
  });

  it('that do not exist leave a link that dangles', async () => {
    await realm.ok('cfs', ['mkm', 'dangling', 'nosuch']);
    expect(await realm.run('cfs', ['lsmount', 'dangling'])).toMatchObject({
      status: 1,
      stdout: 'Dangling sym link; looks like a mount point for volume "nosuch."\n',
    });
    await realm.ok('cfs', ['rmm', 'dangling']);
  });

  it('are not mounted under names that would take a real venus down', async () => {
    for (const name of ['.', '..', 'dir/.', 'dir/..', '/coda/test.realm/.']) {
      expect(await realm.run('cfs', ['mkm', name, 'u.jan'])).toMatchObject({ status: 2 });
    }
  });

  it('are limited by administrators alone', async () => {
    await realm.addUser('piet');
    await realm.login('piet', 1005);
    const finished = await realm.run('cfs', ['sq', '/coda/test.realm', '10'], { env: { CODA_UID: '1005' } });
    expect(finished).toMatchObject({ status: 7, stderr: 'Setting new quota: Permission denied\n' });
  });

  it('are not limited by what is no number', async () => {
    for (const blocks of ['abc', '-5', '1.5', '99999999999']) {
      expect(await realm.run('cfs', ['setquota', '.', blocks])).toMatchObject({
        status: 2,
        stdout: 'Usage: cfs setquota <dir> <blocks>\n',
      });
    }
  });
});

describe('names and places', () => {
  it('lead from paths to fids and back', async () => {
    await realm.ok('coda', ['mkdir', '-p', 'a/b']);
    const fid = /FID = (\S+)/.exec(await realm.ok('cfs', ['getfid', 'a/b']))?.[1] ?? '';
    const parent = /FID = (\S+)@/.exec(await realm.ok('cfs', ['gf', 'a']))?.[1] ?? '';
    expect(await realm.ok('cfs', ['getpath', fid])).toBe('\t/coda/test.realm/a/b\n');
    expect(await realm.ok('cfs', ['getpfid', fid])).toBe(`FID = ${parent.padEnd(20)}\n`);
    expect(await realm.run('cfs', ['gp', 'foo'])).toMatchObject({
      status: 2,
      stdout: 'Malformed fid: should look like %x.%x.%x@<realm>\n',
    });
    expect(await realm.run('cfs', ['gp', '7f000001.1.1@elsewhere'])).toMatchObject({
      status: 1,
      stderr: 'VIOC_GETPATH: Unknown error 658\n',
    });
  });

  it('are relative to CODA_CWD, by default the realm', async () => {
    const from = (directory: string) => ({ env: { CODA_CWD: directory } });
    const fid = await realm.ok('cfs', ['gf', '/coda/test.realm/a/b']);
    expect(await realm.ok('cfs', ['gf', 'a/b'])).toBe(fid);
    expect(await realm.ok('cfs', ['gf', './b'], from('/coda/test.realm/a'))).toBe(fid);
    expect(await realm.ok('cfs', ['gf', '.'], from('/coda/test.realm/a/b'))).toBe(fid);
    expect(await realm.ok('cfs', ['gf', '../a/b/.'], from('/coda/test.realm/a'))).toBe(fid);
    expect(await realm.run('cfs', ['gf', 'x'], from('/tmp'))).toMatchObject({ status: 2 });
  });

  it('include the servers', async () => {
    expect(await realm.ok('cfs', ['whereis', '.'])).toBe('  s1\n');
    expect(await realm.ok('cfs', ['whereis', '--numeric', '.'])).toBe('  127.10.0.1\n');
    expect(await realm.ok('cfs', ['whereis', '.', '/coda'])).toBe('      .:    s1\n  /coda:  \n');
    expect(await realm.ok('cfs', ['cs'])).toBe('Contacting servers .....\nAll servers up\n');
    expect(await realm.ok('cfs', ['checkservers', 's1', '127.10.0.1'])).toContain('All servers up\n');
    expect(await realm.run('cfs', ['cs', 'no.such.host.invalid'])).toMatchObject({
      status: 1,
      stderr: 'cfs: no.such.host.invalid: no such host\n',
    });
  });
});
