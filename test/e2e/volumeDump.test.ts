import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { daemonStatusSchema, volumeListSchema } from '../../src/ipc/socket/routes.ts';
import { TestRealm, bin, run, until } from './support.ts';

let realm: TestRealm;
const coda = (...words: readonly string[]) => realm.run('coda', words, { cwd: realm.directory });
const ok = (...words: readonly string[]) => realm.ok('coda', words, { cwd: realm.directory });
/** A line of shell, with the tools in its path. */
const shell = (line: string) =>
  run('bash', ['-o', 'pipefail', '-c', line], {
    cwd: realm.directory,
    env: { ...realm.env, PATH: `${bin}:${realm.env['PATH'] ?? ''}` },
  });

beforeEach(async () => {
  realm = await TestRealm.start('--processes');
  await realm.addUser('jan', '--administrator');
  await realm.login('jan');
  await ok('realm', 'volume', 'create', 'u.jan', '--owner', 'jan', '--quota', '500000');
  await realm.ok('cfs', ['mkmount', 'jan', 'u.jan']);
  await ok('mkdir', 'jan/letters');
  await realm.ok('coda', ['put', '-', 'jan/letters/one'], { input: 'dear reader\n' });
  await realm.ok('cfs', ['forcereintegrate', 'jan']);
});
afterEach(() => realm.end());

async function volumes(): Promise<readonly string[]> {
  const text = await ok('realm', 'volume', 'list', '--json');
  const hex = v.pipe(
    v.string(),
    v.transform((id) => Number.parseInt(id, 16)),
  );
  const [entry] = [volumeListSchema.entries.volumes.item];
  const list = v.object({ volumes: v.array(v.object({ ...entry.entries, id: hex })) });
  return v.parse(list, JSON.parse(text)).volumes.map(({ name }) => name);
}

describe('coda realm volume dump and restore', () => {
  it('carry a volume through pipes, whole and in increments', async () => {
    const saved = await shell('coda realm volume dump u.jan | gzip > full.gz');
    expect(saved).toMatchObject({ status: 0, stderr: '' });
    await realm.ok('coda', ['put', '-', 'jan/letters/two'], { input: 'dear writer\n' });
    await ok('rm', 'jan/letters/one');
    await realm.ok('cfs', ['forcereintegrate', 'jan']);
    expect(
      (await shell('coda realm volume dump --since <(gunzip -c full.gz) u.jan monday.dump')).status,
    ).toBe(0);
    const restored = await shell('coda realm volume restore --as u.copy <(gunzip -c full.gz) monday.dump');
    expect(restored.status).toBe(0);
    expect(restored.stdout).toMatch(/^volume u.copy \(7f00000\d\) restored: 2 directories, 1 file/);
    expect(restored.stdout).toMatch(/brought forward: 1 directory, 1 file, 0 links, 1 removed/);
    await realm.ok('cfs', ['mkmount', 'copy', 'u.copy']);
    expect(await ok('cat', 'copy/letters/two')).toBe('dear writer\n');
    expect(await ok('ls', 'copy/letters')).toBe('two\n');
    expect(await realm.ok('cfs', ['listacl', 'copy/letters'])).toBe(
      await realm.ok('cfs', ['listacl', 'jan/letters']),
    );
  });

  it('write a file as a whole or not at all, and replace none without --force', async () => {
    await ok('realm', 'volume', 'dump', 'u.jan', 'one.dump');
    const path = join(realm.directory, 'one.dump');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const refused = await coda('realm', 'volume', 'dump', 'u.jan', 'one.dump');
    expect(refused).toMatchObject({ status: 1, stderr: 'coda: one.dump: there is already a file\n' });
    const before = readFileSync(path);
    expect((await coda('realm', 'volume', 'dump', '--force', 'u.nobody', 'one.dump')).status).toBe(1);
    expect(readFileSync(path)).toEqual(before);
    await ok('realm', 'volume', 'dump', '--force', 'u.jan', 'one.dump');
    expect(readFileSync(path)).not.toEqual(before);
    expect(readdirSync(realm.directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('never overwrite a volume, and say what to do', async () => {
    await ok('realm', 'volume', 'dump', 'u.jan', 'one.dump');
    const refused = await coda('realm', 'volume', 'restore', 'one.dump');
    expect(refused).toMatchObject({ status: 1, stderr: 'one.dump: there is already a volume u.jan\n' });
    expect((await coda('realm', 'volume', 'restore', '-', '-')).status).toBe(2);
    expect((await coda('realm', 'volume', 'dump', '--json', 'u.jan')).status).toBe(2);
    expect((await coda('realm', 'volume', 'restore', 'not-there.dump')).status).toBe(1);
  });

  it('tell a damaged dump, and restore what is whole of it when asked to', async () => {
    await ok('realm', 'volume', 'dump', 'u.jan', 'one.dump');
    const path = join(realm.directory, 'one.dump');
    const bytes = readFileSync(path);
    const at = bytes.indexOf('dear reader');
    bytes[at] = 0;
    writeFileSync(path, bytes);
    const refused = await coda('realm', 'volume', 'restore', '--as', 'u.copy', 'one.dump');
    expect(refused.status).toBe(1);
    const [, offset = ''] = /^one\.dump: damaged at byte (\d+): /.exec(refused.stderr) ?? [];
    expect(at - Number(offset)).toBe(48 + 16);
    expect(await volumes()).toEqual(['/', 'u.jan']);
    const partial = await coda('realm', 'volume', 'restore', '--partial', '--as', 'u.copy', 'one.dump');
    expect(partial.status).toBe(1);
    expect(partial.stderr).toContain('left out, since its contents are not whole: one\n');
    expect(await volumes()).toEqual(['/', 'u.jan', 'u.copy']);
  });

  it('end with what they have where the server dies, and nothing of a restore is left', async () => {
    const venus = v.parse(daemonStatusSchema, JSON.parse(await ok('status', '--json')));
    const server = venus.processes.find(({ role }) => role === 'server')?.pid ?? 0;
    await ok('realm', 'volume', 'dump', 'u.jan', 'one.dump');
    const dump = readFileSync(join(realm.directory, 'one.dump'));
    const restore = spawn(join(bin, 'coda'), ['realm', 'volume', 'restore', '--as', 'u.copy', '-'], {
      env: { ...realm.env },
    });
    const ended = new Promise((resolve) => restore.once('close', resolve));
    restore.stdin.write(dump.subarray(0, dump.length - 200));
    const metadata = join(realm.data, 'servers', 's1');
    await until(() => readdirSync(join(metadata, 'containers', '0000')).length > 1);
    process.kill(server, 'SIGKILL');
    restore.stdin.on('error', () => undefined);
    restore.stdin.end(dump.subarray(dump.length - 200));
    expect(await ended).toBe(5);
    // The server that is started again removes what it finds.
    await until(() => readdirSync(join(metadata, 'containers', '0000')).length === 1);
    await until(async () => (await coda('realm', 'volume', 'list')).status === 0);
    expect(await volumes()).toEqual(['/', 'u.jan']);
    expect(await ok('cat', 'jan/letters/one')).toBe('dear reader\n');
  });
});

describe('coda realm dump list and verify', () => {
  it('read a dump without a venus', async () => {
    await ok('realm', 'volume', 'dump', 'u.jan', 'one.dump');
    const path = join(realm.directory, 'one.dump');
    const away = { env: { CODA_VENUS: 'unix:/nowhere/venus.sock' } };
    const whole = await realm.run('coda', ['realm', 'dump', 'verify', path], away);
    expect(whole.status).toBe(0);
    expect(whole.stdout).toMatch(
      /: full dump of u\.jan \(7f000001\) of test\.realm at s1, made \d{4}-.*\n.*: whole: 2 directories, 1 file/,
    );
    const listed = await realm.run('coda', ['realm', 'dump', 'list', path], away);
    expect(listed.stdout).toMatch(
      /^drwxr-xr-x jan .* \/\ndrwxr-xr-x jan .* \/letters\n-rw-r--r-- jan +12 .* \/letters\/one\n$/,
    );
  });

  it('say where a dump is cut, as JSON too', async () => {
    await ok('realm', 'volume', 'dump', 'u.jan', 'one.dump');
    const cut = await shell('head -c 1000 one.dump | coda realm dump verify --json -');
    expect(cut.status).toBe(1);
    expect(JSON.parse(cut.stdout)).toMatchObject({
      isWhole: false,
      bytes: 1000,
      damageCount: 1,
      damages: [{ kind: 'cut' }],
    });
    const none = await shell('echo nothing | coda realm dump verify -');
    expect(none).toMatchObject({
      status: 1,
      stderr: '-: damaged at bytes 0 to 7: nothing in it is a part of a volume dump\n',
    });
  });
});
