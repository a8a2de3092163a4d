import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { type Socket, connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/commands/coda/isRunning.ts';
import { type VenusEvent, decodeEvent } from '../../src/ipc/venusEvent.ts';
import { TestRealm, bin, until } from './support.ts';

let realm: TestRealm;
const watchers: ChildProcess[] = [];

beforeEach(async () => {
  realm = await TestRealm.start('--clients', 'laptop,desk');
  await realm.ok('coda', ['realm', 'user', 'add', 'jan', '--administrator'], {
    input: 'janjan\n',
    env: laptop,
  });
  for (const env of [laptop, desk]) await realm.ok('clog', ['jan@test.realm'], { input: 'janjan\n', env });
});
afterEach(async () => {
  for (const child of watchers.splice(0)) child.kill('SIGKILL');
  await realm.ok('coda', ['down'], { env: laptop }).catch(() => undefined);
  await realm.end();
});

const laptop = { CODA_CLIENT: 'laptop' };
const desk = { CODA_CLIENT: 'desk' };
const here = (tool: string, ...words: readonly string[]) => realm.ok(tool, words, { env: laptop });
const put = (name: string, input: string, env = laptop) =>
  realm.ok('coda', ['put', '-', name], { input, env });
const history = (...words: readonly string[]) => here('codacon', '--no-follow', ...words);

interface Seen {
  text: string;
  errors: string;
  /** Undefined as long as it runs. */
  status: number | null | undefined;
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
}

/** A codacon that goes on; `text` is what it has printed so far. */
function watch(...words: readonly string[]): Seen {
  const env = { ...realm.env, ...laptop };
  const child = spawn(join(bin, 'codacon'), words, { env, stdio: 'pipe' });
  watchers.push(child);
  const seen: Seen = { text: '', errors: '', status: undefined, child };
  child.stdout.on('data', (bytes: Buffer) => (seen.text += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (seen.errors += bytes.toString()));
  child.on('close', (status) => (seen.status = status));
  return seen;
}

/** The events in the lines of --json; each line must be one. */
function eventsIn(text: string): VenusEvent[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const withDate = line.replace(/"time":"([^"]+)"/, (_, time: string) => `"time":${Date.parse(time)}`);
      const event = decodeEvent(`${withDate}\n`);
      if (!event) throw new Error(`no event: ${line}`);
      return event;
    });
}

/** 130 records: more than one batch. */
async function work(): Promise<void> {
  await here('cfs', 'wd', '-age', '3600', '.');
  const names = Array.from({ length: 128 }, (_, at) => `d${at}`);
  await here('coda', 'mkdir', ...names);
  await put('f', 'contents\n');
}

describe('codacon', () => {
  it('shows a reintegration from its beginning to its end, with the numbers of the log', async () => {
    const [text, json] = [watch(), watch('--json')];
    // Both listen when they show what happens.
    await until(async () => {
      await here('cunlog');
      await realm.ok('clog', ['jan@test.realm'], { input: 'janjan\n', env: laptop });
      return text.text.includes('Token set') && json.text.includes('"set"');
    });
    await work();
    await here('cfs', 'fr', '.');
    await until(() => text.text.includes('bytes sent'));
    const time = String.raw` \( \d\d:\d\d:\d\d \)\n`;
    expect(text.text).toMatch(new RegExp(`^/, 130/130${time}/, 30/130${time}`, 'm'));
    expect(text.text).toMatch(
      new RegExp(
        `^SendReintFragment /, /coda/test.realm/f \\[1\\] \\(9/9\\)${time}/, 0/130, 36409 bytes sent${time}`,
        'm',
      ),
    );
    await until(() => json.text.includes('reintegrationEnds'));
    const facts = eventsIn(json.text).filter(({ kind }) => kind.startsWith('reintegration'));
    expect(facts).toMatchObject([
      { kind: 'reintegrationBegins', volume: '/', total: 130 },
      { kind: 'reintegrationProgress', volume: '/', done: 100, total: 130 },
      { kind: 'reintegrationEnds', volume: '/', done: 130, total: 130, bytes: 36_409, result: 'done' },
    ]);
    expect(json.text).toMatch(/^\{"time":"\d{4}-\d\d-\d\dT[\d:.]+Z",/);
  });

  it('has a history that survives a restart of venus, and begins with it where it is asked to', async () => {
    await work();
    await here('cfs', 'fr', '.');
    await here('coda', 'down');
    await realm.up('--clients', 'laptop,desk');
    expect(await history('--since', '10m')).toMatch(
      /^\/, 130\/130 .*\n\/, 30\/130 .*\n\/, 0\/130, 36409 bytes sent /m,
    );
    const middle = new Date().toISOString();
    await here('cunlog');
    expect(await history('--since', middle)).toMatch(
      /^Token forgotten: uid \d+, @test\.realm \( \d\d:\d\d:\d\d \)\n$/,
    );
    expect(eventsIn(await history('-n', '1', '--json'))).toMatchObject([
      { kind: 'token', change: 'forgotten' },
    ]);
    expect(await history('-n', '0')).toBe('');
    const live = watch('--since', middle);
    await until(() => live.text.includes('Token forgotten'));
    await realm.ok('clog', ['jan@test.realm'], { input: 'janjan\n', env: laptop });
    await until(() => live.text.includes('Token set'));
  });

  it('shows a server that goes and comes, a log that waits for a token, and a conflict', async () => {
    await put('both', 'first\n');
    await realm.ok('coda', ['cat', 'both'], { env: desk });
    await here('cfs', 'disconnect');
    await put('both', 'here\n');
    await put('both', 'there\n', desk);
    await here('cunlog');
    await here('cfs', 'reconnect');
    await until(async () => (await history()).includes('pending tokens'));
    await realm.ok('clog', ['jan@test.realm'], { input: 'janjan\n', env: laptop });
    await until(async () => (await history()).includes('CONFLICT'));
    const text = await history();
    const uid = process.getuid?.() ?? 0;
    expect(text).toMatch(/^unreachable s1 \([^]*^up s1 \(/m);
    expect(text).toMatch(/^\/@test\.realm unreachable \d+ \(/m);
    expect(text).toContain(`\nReintegrate / pending tokens for uid = ${uid} (`);
    expect(text).toMatch(/^CONFLICT \(local\/global\): \/coda\/test\.realm\/both \([0-9a-f.]+\) \(/m);
    await until(async () => (await history()).includes(' conflict ('));
    const conflicts = eventsIn(await history('--json')).filter(({ kind }) => kind === 'conflict');
    expect(conflicts).toMatchObject([{ path: '/coda/test.realm/both', between: 'local/global' }]);
    // What only has been tried again and again is not told of each time.
    expect(text.match(/pending tokens/g)).toHaveLength(1);
  });

  it('ends when venus does, and says so; with --wait it goes on when venus is back', async () => {
    const [ends, waits] = [watch('-n', '1'), watch('-n', '1', '--wait')];
    await until(() => ends.text !== '' && waits.text !== '');
    process.kill(realm.pid, 'SIGKILL');
    await until(() => !isRunning(realm.pid));
    await until(() => ends.status !== undefined);
    expect(ends.status).toBe(3);
    expect(ends.errors).toMatch(/^codacon: venus is not running at .*laptop\.sock\n/);
    await realm.up('--clients', 'laptop,desk');
    await here('cunlog');
    await until(() => waits.text.includes('Token forgotten'));
    expect(waits.status).toBeUndefined();
  });

  it('ends quietly when nobody reads any more, and by ^C', async () => {
    const [piped, interrupted] = [watch('-n', '1'), watch('-n', '1')];
    await until(() => piped.text !== '' && interrupted.text !== '');
    piped.child.stdout.destroy();
    await until(() => piped.status !== undefined);
    expect([piped.status, piped.errors]).toEqual([141, '']);
    interrupted.child.kill('SIGINT');
    await until(() => interrupted.status !== undefined);
    expect([interrupted.child.signalCode, interrupted.errors]).toEqual(['SIGINT', '']);
  });

  it.each([
    ['with the last reader of a pipe', '| head -n 1'],
    ['and with --json', '--json | head -n 1'],
    ['and while it waits for venus', '--wait | head -n 1'],
  ])('ends without anything to tell %s', async (_, rest) => {
    const command = `{ "${join(bin, 'codacon')}" -n 1 ${rest.replace('|', '; echo "$?" >&2; } |')}`;
    const child = spawn('sh', ['-c', command], { env: { ...realm.env, ...laptop }, stdio: 'pipe' });
    watchers.push(child);
    let [lines, errors] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => (lines += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
    await new Promise((resolve) => child.on('close', resolve));
    expect(lines.split('\n')).toHaveLength(2);
    expect(errors).toBe('141\n');
  });

  it('ends without anything to tell when who reads a socket goes, not when he only ends his own writing', async () => {
    const server = createServer({ allowHalfOpen: true });
    const path = join(realm.directory, 'reader');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const reader = connect({ path, allowHalfOpen: true });
    const ours = await new Promise<Socket>((resolve) => server.once('connection', resolve));
    let text = '';
    reader.on('data', (bytes: Buffer) => (text += bytes.toString()));
    const env = { ...realm.env, ...laptop };
    const child = spawn(join(bin, 'codacon'), ['-n', '1'], { env, stdio: ['ignore', ours, 'pipe'] });
    watchers.push(child);
    ours.destroy();
    let status: number | null | undefined;
    child.on('close', (code) => (status = code));
    await until(() => text !== '');
    reader.end();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(status).toBeUndefined();
    reader.destroy();
    await until(() => status !== undefined);
    expect(status).toBe(141);
    server.close();
  });

  it('refuses times that are none, and venus a query that it does not understand', async () => {
    expect(await realm.run('codacon', ['--since', 'soon'], { env: laptop })).toMatchObject({ status: 2 });
    expect(await realm.run('codacon', ['-n', 'x'], { env: laptop })).toMatchObject({ status: 2 });
    const gone = await realm.run('codacon', ['--json'], { env: { CODA_CLIENT: 'nobody' } });
    expect(gone.status).toBe(3);
    expect(JSON.parse(gone.stdout)).toMatchObject({ failures: [{ path: 'codacon' }] });
    expect(gone.stdout.trimEnd().split('\n')).toHaveLength(1);
  });
});
