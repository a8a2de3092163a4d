import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Finished, bin, finish, until } from './support.ts';
import { type Mode, modes } from './modes.ts';
import { TOP, TwoClients } from './twoClients.ts';

// Each test starts many processes.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
/** So many that it can be interrupted in the midst. */
const COUNT = 60;
const names = Array.from({ length: COUNT }, (_, at) => `f${at}`);
let both: TwoClients;

/** A directory in which both made the same files, so that it takes a while to settle. */
async function begin({ options }: Mode): Promise<void> {
  both = await TwoClients.start(...options);
  await both.laptop.mkdir('d');
  await both.desk.tree('d');
  await both.conflict(
    async (client) => {
      for (const name of names) await client.write(`d/${name}`, `mine ${name}`);
    },
    async (client) => {
      for (const name of names) await client.write(`d/${name}`, `theirs ${name}`);
    },
  );
}
afterEach(() => both.end());

interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

const mine = ['resolve', '--all', '--keep', 'mine'];

/** Begins to settle it, and waits until it has come so far. */
async function resolveUpTo(isThere: () => Promise<boolean>): Promise<Running> {
  const env = { ...both.realm.env, ...both.laptop.env };
  const child = spawn(join(bin, 'coda'), mine, { env });
  const finished = finish(child);
  await until(isThere, 60_000);
  return { child, finished };
}

/** Some of it has been decided, as far as that can be seen. */
function resolveHalf({ keepsDecisions, local, global }: Mode): Promise<Running> {
  const place = keepsDecisions ? global : local;
  return resolveUpTo(async () => (await both.laptop.read(`d/${place}/f3`).catch(String)) === 'mine f3');
}

const isLink = async (): Promise<boolean> => (await both.laptop.files.lstat(`${TOP}/d`)).type === 'symlink';

/** It can be settled again from the beginning, and then all of it is there once. */
async function expectResolvable(): Promise<void> {
  expect(await both.desk.read('d/f3')).toBe('theirs f3');
  expect(await both.laptop.run('coda', mine)).toMatchObject({ status: 0 });
  const expected = Object.fromEntries(names.map((name) => [`d/${name}`, `mine ${name}`]));
  expect(await both.desk.tree('d')).toEqual(expected);
  expect(await both.laptop.tree('d')).toEqual(expected);
}

describe.each(modes)('coda resolve, at $where', (mode) => {
  beforeEach(() => begin(mode));

  it('that is interrupted collapses what it was about, and nothing was sent', async () => {
    const { child, finished } = await resolveHalf(mode);
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ status: 130 });
    expect(await isLink()).toBe(true);
    await expectResolvable();
  });

  it('that is killed leaves a session to go on with, or to leave', async () => {
    const { child, finished } = await resolveHalf(mode);
    child.kill('SIGKILL');
    expect(await finished).toMatchObject({ signal: 'SIGKILL' });
    const again = await both.laptop.run('coda', mine);
    expect(again.status).toBe(6);
    expect(again.stderr).toContain(`/coda${TOP}/d is under repair`);
    expect(await both.laptop.run('cfs', ['endrepair', `/coda${TOP}/d`])).toMatchObject({ status: 0 });
    expect(await isLink()).toBe(true);
    await expectResolvable();
  });

  it('whose venus is killed says so, and the session is there when venus is', async () => {
    const { finished } = await resolveHalf(mode);
    process.kill(both.realm.pid, 'SIGKILL');
    expect(await finished).toMatchObject({ status: 3 });
    await both.realm.up('--clients', 'laptop,desk', ...mode.options);
    expect(await both.laptop.read(`d/${mode.local}/f3`)).toBe('mine f3');
    expect(await both.laptop.run('cfs', ['endrepair', `/coda${TOP}/d`])).toMatchObject({ status: 0 });
    expect(await isLink()).toBe(true);
    await expectResolvable();
  });
});

/** Where nothing keeps a session but the tool, what is begun is to be brought to its end. */
const [, real] = modes;
if (!real) throw new Error('no such mode');

describe(`a commit of coda resolve, at ${real.where}`, () => {
  beforeEach(() => begin(real));

  it.each(['the tool', 'venus'])('that ends when %s is killed is gone on with', async (victim) => {
    const { child, finished } = await resolveUpTo(
      async () => (await both.desk.read('d/f3').catch(String)) === 'mine f3',
    );
    process.kill(victim === 'venus' ? both.realm.pid : (child.pid ?? 0), 'SIGKILL');
    const { status } = await finished;
    expect(status).not.toBe(0);
    if (victim === 'venus') await both.realm.up('--clients', 'laptop,desk', ...real.options);
    const [first, last] = [names[0] ?? '', names.at(-1) ?? ''];
    expect(await both.desk.read(`d/${first}`)).toBe(`mine ${first}`);
    expect(await both.desk.read(`d/${last}`)).toBe(`theirs ${last}`);
    const again = await both.laptop.run('coda', ['resolve', `/coda${TOP}/d`, '--keep', 'mine']);
    expect(again).toMatchObject({ status: 0, stdout: '' });
    expect(again.stderr).toContain('going on with the commit that was interrupted');
    const expected = Object.fromEntries(names.map((name) => [`d/${name}`, `mine ${name}`]));
    expect(await both.desk.tree('d')).toEqual(expected);
    expect(await both.laptop.tree('d')).toEqual(expected);
  });
});
