import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestRealm } from './support.ts';

let realm: TestRealm;
const laptop = { CODA_CLIENT: 'laptop' };
const desk = { CODA_CLIENT: 'desk' };
type Client = typeof laptop;

const coda = (env: Client, words: readonly string[], input?: string) =>
  realm.run('coda', words, input === undefined ? { env } : { env, input });
const put = async (env: Client, name: string, input: string) => {
  expect(await coda(env, ['put', '-', name], input)).toMatchObject({ status: 0, stderr: '' });
};
const cat = async (env: Client, name: string) => (await coda(env, ['cat', name])).stdout;
const link = async (...words: readonly string[]) => {
  expect(await coda(laptop, ['realm', 'link', ...words])).toMatchObject({ status: 0, stderr: '' });
};

beforeEach(async () => {
  realm = await TestRealm.start('--clients', 'laptop,desk');
  await realm.run('coda', ['realm', 'user', 'add', 'jan', '--administrator'], {
    env: laptop,
    input: 'janjan\n',
  });
  for (const env of [laptop, desk]) await realm.run('clog', ['jan@test.realm'], { env, input: 'janjan\n' });
});
afterEach(() => realm.end());

describe('two clients of the same servers', () => {
  it('see at the next open what the other stores', async () => {
    await put(laptop, 'file', 'one\n');
    expect(await cat(desk, 'file')).toBe('one\n');
    await put(laptop, 'file', 'two\n');
    expect(await cat(desk, 'file')).toBe('two\n');
    await put(desk, 'file', 'three\n');
    expect(await cat(laptop, 'file')).toBe('three\n');
  });

  it('go on apart while a link is cut, and come together when it is healed', async () => {
    await put(laptop, 'file', 'one\n');
    expect(await cat(desk, 'file')).toBe('one\n');
    await link('cut', 'laptop', 's1');
    expect((await coda(laptop, ['realm', 'link', 'list'])).stdout).toContain('laptop  s1  cut\n');
    await put(laptop, 'of-laptop', 'laptop\n');
    await put(desk, 'of-desk', 'desk\n');
    await put(desk, 'file', 'two\n');
    expect(await cat(laptop, 'file')).toBe('one\n');
    expect(await coda(laptop, ['cat', 'of-desk'])).toMatchObject({ status: 1 });

    await link('heal', 'laptop', 's1');
    expect(await coda(laptop, ['pending', '--wait'])).toMatchObject({ status: 0 });
    for (const env of [laptop, desk]) {
      expect((await coda(env, ['ls'])).stdout).toBe('file\nof-desk\nof-laptop\n');
      expect(await cat(env, 'file')).toBe('two\n');
      expect(await cat(env, 'of-laptop')).toBe('laptop\n');
    }
  });

  it('have a conflict when both change a file, and neither version is lost', async () => {
    await put(laptop, 'file', 'one\n');
    expect(await cat(desk, 'file')).toBe('one\n');
    await link('cut', '--all');
    await put(laptop, 'file', 'of laptop\n');
    await put(laptop, 'later', 'later\n');
    await put(desk, 'file', 'of desk\n');
    await link('heal', 'desk', 's1');
    expect(await coda(desk, ['pending', '--wait'])).toMatchObject({ status: 0 });
    await link('heal', 'laptop', 's1');
    await expect
      .poll(async () => (await coda(laptop, ['doctor', '--exit-code'])).status, { timeout: 10_000 })
      .toBe(6);
    expect((await coda(laptop, ['doctor'])).stdout).toContain('The servers refused: Store ');
    await realm.run('cfs', ['beginrepair', 'file'], { env: laptop });
    expect(await cat(laptop, 'file/local')).toBe('of laptop\n');
    expect(await cat(laptop, 'file/global')).toBe('of desk\n');
    await realm.run('cfs', ['endrepair', 'file'], { env: laptop });
    expect(await cat(desk, 'file')).toBe('of desk\n');
    expect((await realm.run('cfs', ['lv', '.'], { env: laptop })).stdout).toContain(
      '*** There are pending conflicts in this volume ***',
    );
    expect((await coda(laptop, ['pending'])).stdout.split('\n')).toHaveLength(4);
  });
});

it('clients that are there already come up again, whatever is asked for', async () => {
  await put(laptop, 'file', 'one\n');
  await link('cut', 'laptop', 's1');
  await put(laptop, 'file', 'two\n');
  await realm.run('coda', ['down'], { env: laptop });
  await realm.up();
  expect(await coda(laptop, ['pending', '--wait'])).toMatchObject({ status: 0 });
  expect(await cat(desk, 'file')).toBe('two\n');
});

it.each(['a,a', 'a/b', '', '../x'])('%j is no list of clients', async (clients) => {
  expect(await coda(laptop, ['up', '--clients', clients])).toMatchObject({ status: 2 });
});
