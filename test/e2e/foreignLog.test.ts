import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Finished, TestRealm, passwordOf } from './support.ts';
import { runOnTerminal } from './terminal.ts';

/** Local users, besides the one who owns the socket. */
const [JAN, ANNA] = [1001, 1002];

let realm: TestRealm;

const as = (uid: number, tool: string, words: readonly string[], input = '') =>
  realm.run(tool, words, { input, env: { CODA_UID: String(uid) } });

async function done(run: Promise<Finished>): Promise<string> {
  const { status, stdout, stderr } = await run;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

async function timed(run: Promise<Finished>): Promise<Finished & { readonly seconds: number }> {
  const began = performance.now();
  const finished = await run;
  return { ...finished, seconds: (performance.now() - began) / 1000 };
}

beforeEach(async () => {
  realm = await TestRealm.start();
  for (const [name, uid] of [
    ['jan', JAN],
    ['anna', ANNA],
  ] as const) {
    await realm.addUser(name, '--administrator');
    await realm.run('clog', [`${name}@test.realm`], {
      input: `${passwordOf(name)}\n`,
      env: { CODA_UID: String(uid) },
    });
  }
  await done(as(JAN, 'coda', ['mkdir', 'dir']));
  await done(as(JAN, 'cfs', ['wd', '-age', '3600', '.']));
  await done(as(JAN, 'coda', ['put', '-', 'dir/file'], 'unsent\n'));
});
afterEach(() => realm.end());

describe('somebody who changes a volume while the log is another user’s', () => {
  it.each([
    { tool: 'coda', words: ['mkdir', 'other'], label: 'other' },
    { tool: 'coda', words: ['rm', 'dir/file'], label: 'dir/file' },
    { tool: 'cfs', words: ['mkm', 'mount', 'nosuch'], label: '.' },
    { tool: 'cfs', words: ['sa', '.', 'anna', 'rl'], label: '.' },
  ])('$tool $words.0: is told whose it is, shortly before his --timeout', async ({ tool, words, label }) => {
    const { status, stderr, seconds } = await timed(as(ANNA, tool, ['--timeout', '2', ...words]));
    expect(status).toBe(5);
    expect(stderr.split('\n')[0]).toBe(`${label}: Resource temporarily unavailable`);
    expect(seconds).toBeGreaterThan(1.5);
    expect(seconds).toBeLessThan(10);
  });

  it('goes on as soon as the log is out', async () => {
    const waiting = as(ANNA, 'coda', ['put', '-', 'of-anna'], 'anna\n');
    await expect
      .poll(async () => (await as(ANNA, 'coda', ['doctor', '--json'])).stdout, { timeout: 10_000 })
      .toMatch(new RegExp(`"waiting": \\[\\s*${ANNA}\\s*\\]`));
    await done(as(JAN, 'cfs', ['fr', '.']));
    await done(waiting);
    expect(await done(as(JAN, 'coda', ['cat', 'of-anna']))).toBe('anna\n');
  });

  it('has nothing done later that he gave up', async () => {
    await as(ANNA, 'coda', ['--timeout', '1', 'mkdir', 'given-up']);
    await done(as(JAN, 'cfs', ['fr', '.']));
    expect(await done(as(JAN, 'coda', ['ls']))).toBe('dir\n');
  });

  it('reads on a terminal whose it is, how long, and what explains it', async () => {
    const env = { ...realm.env, CODA_UID: String(ANNA) };
    for (const words of [
      ['coda', '--timeout', '1', 'mkdir', 'other'],
      ['cfs', '--timeout', '1', 'sa', '.', 'anna', 'rl'],
    ] as const) {
      const { stdout } = await runOnTerminal({ env }, words);
      expect(stdout).toMatch(/why: .*uid 1001.*2 (changes|entries)|why: .*2 changes of uid 1001 \(jan\)/);
      expect(stdout).toMatch(/next: See what holds them up: coda doctor/);
    }
  });
});

describe('the access list of a directory with unsent changes', () => {
  it('is read from the server where it has the directory', async () => {
    expect(await done(as(JAN, 'cfs', ['la', 'dir']))).toContain('System:Administrators  rlidwka');
  });

  it('of one that it does not have is out of reach, and the log is named, its owner, and what explains it', async () => {
    await done(as(JAN, 'coda', ['mkdir', 'dir/new']));
    expect(await as(ANNA, 'cfs', ['la', 'dir/new'])).toMatchObject({
      status: 5,
      stdout: '',
      stderr:
        'dir/new: Connection timed out\n' +
        'dir/new: unsent changes of uid 1001 (jan) in the modify log: 3; to see why: coda doctor dir/new\n',
    });
    const { stdout } = await runOnTerminal({ env: { ...realm.env, CODA_UID: String(JAN) } }, [
      'cfs',
      'la',
      'dir/new',
    ]);
    expect(stdout).toContain(
      'The modify log of the volume / has 3 changes of uid 1001 (jan) that are not on the servers yet',
    );
    expect(stdout).not.toContain('checkservers');
  });

  it('is not set, and the same is said', async () => {
    expect(await as(JAN, 'cfs', ['sa', 'dir', 'anna', 'rl'])).toMatchObject({
      status: 1,
      stderr:
        'dir: Device or resource busy\n' +
        'dir: unsent changes of uid 1001 (jan) in the modify log: 2; to see why: coda doctor dir\n',
    });
    await done(as(JAN, 'cfs', ['fr', '.']));
    await done(as(JAN, 'cfs', ['sa', 'dir', 'anna', 'rl']));
  });
});
