import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestRealm, bin, until } from './support.ts';
import { ViewTerminal } from './viewTerminal.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let realm: TestRealm;
const views: ViewTerminal[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('jan', '--administrator');
  await realm.ok('clog', ['jan@test.realm', '-pipe'], { input: 'janjan\n' });
  await realm.ok('coda', ['realm', 'volume', 'create', 'u.jan', '--owner', 'jan']);
  await realm.ok('cfs', ['mkmount', '/coda/test.realm/jan', 'u.jan']);
  // While it is cut off only what it knows can be changed.
  await put('first', 'x');
});
beforeEach(async () => {
  await realm.ok('coda', ['realm', 'link', 'heal', '--all']);
  await realm.ok('cfs', ['writereconnect', '/coda/test.realm/jan']);
  await realm.ok('coda', ['pending', '--wait']);
});
afterEach(() => {
  for (const view of views.splice(0)) view.kill();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => realm.end());

/** A shell at the terminal; `watch` stands for the tool. */
function shell(
  command: string,
  env: Readonly<Record<string, string>> = {},
  columns = 100,
  rows = 30,
): ViewTerminal {
  const tool = `'${join(bin, 'coda')}' watch --interval 500ms`;
  const view = new ViewTerminal(command.replaceAll('watch', tool), { ...realm.env, ...env }, columns, rows);
  views.push(view);
  return view;
}
const NAME = 'watch --interval 500ms';
const isSettled = ({ screen }: ViewTerminal) => !screen.isAlternate && screen.showsCursor && screen.wraps;
const put = (name: string, input: string) =>
  realm.ok('coda', ['put', '-', `/coda/test.realm/jan/${name}`], { input });
const cut = () => realm.ok('coda', ['realm', 'link', 'cut', '--all']);

describe('the view', () => {
  it('shows volumes, and a moment later what has become of them', async () => {
    const view = shell('exec watch');
    await view.shows(/^. connected +0 +0 bytes +\/coda\/test\.realm$/m);
    await view.shows(/^. connected +0 +0 bytes +\/coda\/test\.realm\/jan$/m);
    expect(view.screen.showsCursor).toBe(false);
    await cut();
    await put('while-cut', 'contents');
    await view.shows(/^. disconnected +[12] +\d+ bytes +\/coda\/test\.realm\/jan$/m);
    await view.shows(/\d\d:\d\d:\d\d {2}unreachable s1$/m);
    await view.shows(/2 volumes, [12] changes? not on the servers/);
    await realm.ok('coda', ['realm', 'link', 'heal', '--all']);
    await view.shows(/^. connected +0 +0 bytes +\/coda\/test\.realm\/jan$/m);
    await view.shows(/2 volumes, 0 changes not on the servers/);
    view.types('q');
    expect(await view.ends()).toBe(0);
    expect(isSettled(view)).toBe(true);
  });

  it('shows names of others as what they are: nothing that they hold reaches the terminal', async () => {
    const name = '/coda/test.realm/evil\x1b]0;title\x07\x1b[2J';
    await realm.ok('coda', ['realm', 'volume', 'create', 'evil']);
    await realm.ok('cfs', ['mkmount', name, 'evil']);
    await realm.ok('coda', ['ls', name]);
    const view = shell('exec watch');
    await view.shows(/connected +0 +0 bytes +\/coda\/test\.realm\/evil\\x1b\]0;title\\x07\\x1b\[2J$/m);
    expect(view.raw).not.toContain('evil\x1b');
    view.types('q');
    await view.ends();
    await realm.ok('cfs', ['rmmount', name]);
  });
});

describe('the terminal is as it was', () => {
  const after = '; echo "status $?"; stty -a';
  const isRestored = async (view: ViewTerminal) => {
    await view.prints(/status \d+\r?\n[^]* icanon [^]* echo /);
    expect(view.screen.ordinary).not.toMatch(/-icanon|-echo /);
    expect(isSettled(view)).toBe(true);
  };

  it('after q', async () => {
    const view = shell(`watch${after}`);
    await view.shows(/connected/);
    view.types('q');
    await isRestored(view);
    expect(view.screen.ordinary).toContain('status 0');
  });

  it('after ^C, which is told by the status', async () => {
    const view = shell(`watch${after}`);
    await view.shows(/connected/);
    view.types('\x03');
    await isRestored(view);
    expect(view.screen.ordinary).toContain('status 130');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('after %s', async (signal, status) => {
    const view = shell(`watch${after}`);
    await view.shows(/connected/);
    process.kill(view.pidOf(NAME), signal);
    await isRestored(view);
    expect(view.screen.ordinary).toContain(`status ${status}`);
  });

  it('after an exception, which can be read', async () => {
    const preload = join(realm.directory, 'throws.cjs');
    writeFileSync(preload, "process.on('SIGUSR2', () => { throw new Error('on purpose'); });");
    const view = shell(`watch${after}`, { NODE_OPTIONS: `--require=${preload}` });
    await view.shows(/connected/);
    process.kill(view.pidOf(NAME), 'SIGUSR2');
    await isRestored(view);
    expect(view.screen.ordinary).toMatch(/Error: on purpose/);
  });

  it('while it is stopped with ^Z, and after fg it shows what is then', async () => {
    const view = shell("PS1='$ ' exec bash --norc --noprofile -i");
    await view.prints(/\$ /);
    view.types(`'${join(bin, 'coda')}' watch --interval 500ms\r`);
    await view.shows(/connected/);
    view.types('\x1a');
    await view.prints(/Stopped/);
    expect(isSettled(view)).toBe(true);
    view.types('stty -a\r');
    await view.prints(/ icanon /);
    view.types('fg\r');
    await view.shows(/connected/);
    expect(view.screen.showsCursor).toBe(false);
    await cut();
    await view.shows(/disconnected/);
    view.types('q');
    await until(() => isSettled(view));
    view.types('exit\r');
    await view.ends();
  });
});

describe('the terminal may be', () => {
  it('made smaller and larger', async () => {
    const view = shell('exec watch');
    await view.shows(/PENDING +SIZE/);
    view.resize(NAME, 36, 8);
    await view.shows(/^ {2}STATE +VOLUME$/m);
    expect(Math.max(...view.screen.lines.map((line) => line.length))).toBeLessThanOrEqual(36);
    expect(view.screen.lines.length).toBeLessThanOrEqual(8);
    view.resize(NAME, 120, 40);
    await view.shows(/PENDING +SIZE/);
    view.types('q');
    await view.ends();
  });

  it('without colour, where NO_COLOR is set', async () => {
    const plain = shell('exec watch', { NO_COLOR: '1' });
    await plain.shows(/> connected/);
    expect(plain.raw).not.toMatch(/\x1b\[[1-9][0-9;]*m/);
    const coloured = shell('exec watch');
    await coloured.shows(/> connected/);
    expect(coloured.raw).toContain('\x1b[32mconnected');
  });

  it('dumb: then it prints lines', async () => {
    const view = shell('exec watch', { TERM: 'dumb' });
    await view.prints(/\d\d:\d\d:\d\d {2}\/coda\/test\.realm\/jan: connected, nothing pending\r\n/);
    expect(view.raw).not.toContain('\x1b');
    view.types('\x03');
    expect(await view.ends()).toBe(130);
  });
});

describe('keys', () => {
  const selected = (path: string) => new RegExp(`^> .*${path}$`, 'm');
  const root = '/coda/test\\.realm';

  it('select a volume, help, and come back', async () => {
    const view = shell('exec watch');
    await view.shows(selected(root));
    view.types('j');
    await view.shows(selected(`${root}/jan`));
    view.types('k');
    await view.shows(selected(root));
    view.types('\x1b[B');
    await view.shows(selected(`${root}/jan`));
    view.types('h');
    await view.shows(/coda doctor/);
    view.types('x');
    await view.shows(selected(`${root}/jan`));
    view.types('q');
    expect(await view.ends()).toBe(0);
  });

  it('r sends the changes of the selected volume, c makes a checkpoint, d asks the doctor', async () => {
    await realm.ok('cfs', ['writedisconnect', '-age', '3600', '/coda/test.realm/jan']);
    await put('waits', 'w'.repeat(5000));
    const view = shell('exec watch');
    // It is the worse of the two, and stands first.
    await view.shows(/^> write-disconnected +[12] +5\.\d KiB +\/coda\/test\.realm\/jan$/m);
    view.types('c');
    await view.shows(/\.cpio|\.tar|\.pax|verified/);
    await view.shows(/1 files, 5000 bytes, verified|2 entries/);
    view.types('d');
    await view.prints(/\$ coda doctor \/coda\/test\.realm\/jan[^]*It is write-disconnected[^]*any key/);
    view.types('x');
    await view.shows(/^> write-disconnected/m);
    view.types('r');
    await view.shows(/Modifications to u\.jan reintegrated to server/);
    await view.shows(/^. write-disconnected +0 +0 bytes +\/coda\/test\.realm\/jan$/m);
    view.types('p');
    await view.prints(/\$ repair \/coda\/test\.realm\/jan/);
    await view.prints(/\* /);
    view.types('quit\r');
    await view.prints(/repair[^]*any key/);
    view.types(' ');
    await view.shows(/write-disconnected/);
    view.types('q');
    expect(await view.ends()).toBe(0);
  });
});

describe('without a terminal', () => {
  function watch(...words: readonly string[]): { text: string; status: number | null | undefined } {
    const child = spawn(join(bin, 'coda'), ['watch', '--interval', '500ms', ...words], {
      env: { ...realm.env },
    });
    children.push(child);
    const seen: ReturnType<typeof watch> = { text: '', status: undefined };
    child.stdout.on('data', (bytes: Buffer) => (seen.text += bytes.toString()));
    child.on('close', (status) => (seen.status = status));
    return seen;
  }

  it('prints a line for each change', async () => {
    const seen = watch();
    await until(() => seen.text.includes('/coda/test.realm/jan: connected, nothing pending'));
    await cut();
    await until(() => seen.text.includes('/coda/test.realm/jan: disconnected, nothing pending'));
    await put('line', 'x');
    await until(() => /jan: disconnected, [12] changes? pending \(\d+ bytes\)/.test(seen.text));
    expect(seen.text).not.toContain('\x1b');
  });

  it('prints JSON Lines', async () => {
    const seen = watch('--json');
    const volumes = () =>
      seen.text
        .split('\n')
        .slice(0, -1)
        .map((line): unknown => JSON.parse(line));
    const jan = { kind: 'volume', volume: 'u.jan', realm: 'test.realm', path: '/coda/test.realm/jan' };
    await until(() => seen.text.includes('u.jan'));
    expect(volumes()).toContainEqual(
      expect.objectContaining({
        ...jan,
        state: 'connected',
        pendingEntries: 0,
        pendingBytes: 0,
        ageSeconds: 0,
      }),
    );
    await cut();
    await until(() => seen.text.includes('"disconnected"'));
    expect(volumes()).toContainEqual(expect.objectContaining({ ...jan, state: 'disconnected' }));
  });

  it('waits for a venus that has gone, and goes on with the next one', async () => {
    const [seen, json] = [watch(), watch('--json')];
    const view = shell('exec watch');
    await until(() => seen.text.includes('u.jan') || seen.text.includes('/jan: connected'));
    await until(() => json.text.includes('u.jan'));
    await view.shows(/connected/);
    await realm.down();
    await until(() => /venus does not answer: .*; waiting for it\n/.test(seen.text));
    await until(() => json.text.includes('"kind":"lost"'));
    await view.shows(/venus does not answer/);
    await realm.up();
    await until(() => seen.text.includes('venus answers again'), 20_000);
    await until(() => json.text.includes('"kind":"back"'), 20_000);
    await view.shows(/2 volumes|3 volumes/);
    await cut();
    await view.shows(/disconnected/);
    await until(() => seen.text.includes('disconnected'));
  });

  it('refuses an interval that is none, and says so when no venus runs', async () => {
    expect(await realm.run('coda', ['watch', '--interval', '0'])).toMatchObject({ status: 2 });
    const nowhere = { CODA_VENUS: `unix:${realm.directory}/none.sock` };
    expect(await realm.run('coda', ['watch'], { env: nowhere })).toMatchObject({ status: 3 });
  });
});
