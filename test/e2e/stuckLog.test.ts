import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/commands/coda/isRunning.ts';
import { TestRealm, until } from './support.ts';

let realm: TestRealm;

beforeEach(async () => {
  realm = await TestRealm.start();
  await realm.addUser('jan', '--administrator');
  await realm.login('jan');
});
afterEach(() => realm.end());

const coda = (...words: readonly string[]) => realm.run('coda', words);
const cfs = (...words: readonly string[]) => realm.run('cfs', words);
const put = (name: string, input: string) => realm.ok('coda', ['put', '-', name], { input });
const archive = () => {
  const spool = join(realm.data, 'clients', 'venus', 'checkpoints', String(process.getuid?.()));
  return join(spool, readdirSync(spool).find((name) => name.endsWith('.tar')) ?? 'none');
};

/** Work of every kind that the servers do not have yet. */
async function workDisconnected(): Promise<void> {
  await realm.ok('coda', ['mkdir', 'dir']);
  await put('dir/old', 'old\n');
  await realm.ok('cfs', ['disconnect']);
  await put('dir/old', 'changed\n');
  await put('dir/new', 'new\n');
  await realm.ok('coda', ['mkdir', 'dir/sub']);
  await put('dir/sub/deep', 'deep\n');
  await realm.ok('coda', ['mv', 'dir/sub', 'dir/moved']);
  await realm.ok('coda', ['ln', '-s', 'new', 'dir/link']);
}

describe('a venus that cannot reach its servers', () => {
  it('goes on with what it keeps, says what waits and why, and sends it when it can', async () => {
    await workDisconnected();
    expect(await realm.ok('coda', ['cat', 'dir/old', 'dir/moved/deep'])).toBe('changed\ndeep\n');
    expect((await cfs('lv', '.')).stdout).toMatch(
      / {2}Connection State is Unreachable\n[^]* {2}There are 8 CML entries pending for reintegration \(\d+ bytes\)\n/,
    );
    expect(await realm.ok('cfs', ['listlocal', '.'])).toBe(
      [
        'Store \t/coda/test.realm/dir/old (length = 8)',
        'Create \t/coda/test.realm/dir/new',
        'Store \t/coda/test.realm/dir/new (length = 4)',
        'Mkdir \t/coda/test.realm/dir/sub',
        'Create \t/coda/test.realm/dir/sub/deep',
        'Store \t/coda/test.realm/dir/sub/deep (length = 5)',
        'Rename \t/coda/test.realm/dir/sub (to: /coda/test.realm/dir/moved)',
        'Symlink /coda/test.realm/dir/link (--> new)',
        '8 entries total in the modify log for volume /',
        '',
      ].join('\n'),
    );
    const explained = await coda('doctor', '--exit-code');
    expect(explained.status).toBe(5);
    expect(explained.stdout).toMatch(/8 changes are not on the servers[^]*Server s1 cannot be reached/);
    expect(await cfs('fr', '.')).toMatchObject({ status: 5 });
    expect((await coda('pending')).stdout.trimEnd().split('\n')).toHaveLength(8);

    await realm.ok('cfs', ['reconnect']);
    await realm.ok('coda', ['pending', '--wait']);
    expect(await realm.ok('coda', ['doctor'])).toBe('No problems: all changes are on the servers.\n');
    expect(await realm.ok('coda', ['ls', 'dir'])).toBe('link\nmoved\nnew\nold\n');
    expect(await realm.ok('coda', ['cat', 'dir/link', 'dir/moved/deep'])).toBe('new\ndeep\n');
  });

  it('keeps what waits when it is killed', async () => {
    await workDisconnected();
    process.kill(realm.pid, 'SIGKILL');
    await until(() => !isRunning(realm.pid));
    await realm.up();
    await realm.ok('coda', ['pending', '--wait']);
    expect(await realm.ok('coda', ['cat', 'dir/old', 'dir/new', 'dir/moved/deep'])).toBe(
      'changed\nnew\ndeep\n',
    );
  });
});

describe('a log whose owner has no token', () => {
  beforeEach(async () => {
    await workDisconnected();
    await realm.ok('cunlog', []);
    await realm.ok('cfs', ['reconnect']);
  });

  it('waits, is explained in one sentence, and flows after clog', async () => {
    await expect.poll(async () => (await coda('doctor', '--exit-code')).status).toBe(4);
    const { stdout } = await coda('doctor');
    expect(stdout).toMatch(/its owner, uid \d+ \(jan\), has no token\. [^]* {2}next: clog jan@test\.realm\n/);
    await realm.login('jan');
    await realm.ok('coda', ['pending', '--wait']);
    expect(await realm.ok('coda', ['cat', 'dir/moved/deep'])).toBe('deep\n');
  });

  it('is purged only after a verified copy and a yes, and replayed from it byte for byte', async () => {
    const no = await realm.run('cfs', ['purgeml', '.'], { input: 'n\n' });
    expect(no.status).toBe(1);
    expect(no.stderr).toContain('Nothing was thrown away.');
    expect((await cfs('lv', '.')).stdout).toContain('There are 8 CML entries');

    const yes = await realm.run('cfs', ['purgeml', '.'], { input: 'y\n' });
    expect(yes.status).toBe(0);
    expect(yes.stderr).toContain('8 entries, 3 files, 17 bytes, verified');
    expect((await cfs('lv', '.')).stdout).not.toContain('CML entries');
    await realm.login('jan');
    expect(await realm.ok('coda', ['cat', 'dir/old'])).toBe('old\n');

    await realm.ok('coda', ['rescue', archive(), 'verify']);
    await realm.ok('coda', ['rescue', archive(), 'replay', '--yes', '/coda/test.realm']);
    expect(await realm.ok('coda', ['cat', 'dir/old', 'dir/link', 'dir/moved/deep'])).toBe(
      'changed\nnew\ndeep\n',
    );
  });

  it('is not purged when no copy can be made', async () => {
    writeFileSync(join(realm.data, 'clients', 'venus', 'checkpoints'), 'in the way');
    expect(await cfs('purgeml', '--yes', '.')).toMatchObject({ status: 8 });
    const classic = await realm.run('cfs', ['purgeml', '--yes', '.'], { env: { CODA_CLASSIC: '1' } });
    expect(classic.status).toBe(255);
    expect((await cfs('lv', '.')).stdout).toContain('There are 8 CML entries');
  });
});

describe('a write-disconnected volume', () => {
  it('keeps changes for its age, unless they are forced', async () => {
    await realm.ok('cfs', ['wd', '-age', '3600', '.']);
    await put('young', 'young\n');
    expect((await coda('doctor')).stdout).toContain('changes wait 1 h 0 min before they go');
    expect(await realm.ok('cfs', ['fr', '.'])).toBe('Modifications to / reintegrated to server\n');
    await put('young', 'again\n');
    await realm.ok('cfs', ['strong', '.']);
    await realm.ok('coda', ['pending', '--wait']);
    expect((await cfs('lv', '.')).stdout).toContain('Reintegration age: 0 sec, time 0.000 sec');
  });
});
