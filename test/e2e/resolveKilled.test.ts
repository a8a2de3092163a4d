import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Finished, bin, finish, until } from './support.ts';
import { TOP, TwoClients } from './twoClients.ts';

// Each test starts many processes.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const COUNT = 150;
const names = Array.from({ length: COUNT }, (_, at) => `f${at}`);
let both: TwoClients;

/** A directory in which both made the same files, so that it takes a while to settle. */
beforeEach(async () => {
  both = await TwoClients.start();
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
});
afterEach(() => both.end());

interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Begins to settle it, and waits until some of it has been decided. */
async function resolveHalf(): Promise<Running> {
  const env = { ...both.realm.env, ...both.laptop.env };
  const child = spawn(join(bin, 'coda'), ['resolve', '--all', '--keep', 'mine'], { env });
  const finished = finish(child);
  await until(async () => (await both.laptop.read('d/global/f3').catch(String)) === 'mine f3', 60_000);
  return { child, finished };
}

const isLink = async (): Promise<boolean> => (await both.laptop.files.lstat(`${TOP}/d`)).type === 'symlink';

/** It can be settled again from the beginning, and then all of it is there once. */
async function expectResolvable(): Promise<void> {
  expect(await both.desk.read('d/f3')).toBe('theirs f3');
  expect(await both.laptop.run('coda', ['resolve', '--all', '--keep', 'mine'])).toMatchObject({ status: 0 });
  const expected = Object.fromEntries(names.map((name) => [`d/${name}`, `mine ${name}`]));
  expect(await both.desk.tree('d')).toEqual(expected);
  expect(await both.laptop.tree('d')).toEqual(expected);
}

describe('coda resolve', () => {
  it('that is interrupted collapses what it was about, and nothing was sent', async () => {
    const { child, finished } = await resolveHalf();
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ status: 130 });
    expect(await isLink()).toBe(true);
    await expectResolvable();
  });

  it('that is killed leaves a session to go on with, or to leave', async () => {
    const { child, finished } = await resolveHalf();
    child.kill('SIGKILL');
    expect(await finished).toMatchObject({ signal: 'SIGKILL' });
    const again = await both.laptop.run('coda', ['resolve', '--all', '--keep', 'mine']);
    expect(again.status).toBe(6);
    expect(again.stderr).toContain(`/coda${TOP}/d is under repair`);
    expect(await both.laptop.run('cfs', ['endrepair', `/coda${TOP}/d`])).toMatchObject({ status: 0 });
    expect(await isLink()).toBe(true);
    await expectResolvable();
  });

  it('whose venus is killed says so, and the session is there when venus is', async () => {
    const { finished } = await resolveHalf();
    process.kill(both.realm.pid, 'SIGKILL');
    expect(await finished).toMatchObject({ status: 3 });
    await both.realm.up('--clients', 'laptop,desk');
    expect(await both.laptop.read('d/local/f3')).toBe('mine f3');
    expect(await both.laptop.run('cfs', ['endrepair', `/coda${TOP}/d`])).toMatchObject({ status: 0 });
    expect(await isLink()).toBe(true);
    await expectResolvable();
  });
});
