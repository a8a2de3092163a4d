import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TestRealm } from './support.ts';

const laptop = { CODA_CLIENT: 'laptop' };
// Many processes are started.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
let realm: TestRealm;

const ok = (tool: string, words: readonly string[], input = '') =>
  realm.ok(tool, words, { env: laptop, input });
const coda = (words: readonly string[], input = '') => ok('coda', words, input);

beforeEach(async () => {
  realm = await TestRealm.start('--servers', 's1,s2,s3', '--clients', 'laptop,desk');
  await coda(['realm', 'user', 'add', 'jan', '--administrator'], 'janjan\n');
  await ok('clog', ['jan@test.realm'], 'janjan\n');
  await coda(['realm', 'volume', 'create', 'u']);
  await ok('cfs', ['mkmount', 'u', 'u']);
  await ok('cfs', ['setacl', 'u', 'jan', 'all']);
});
afterEach(() => realm.end());

it('a volume of three servers is saved, and restored with an increment on all three', async () => {
  const [full, increment] = [join(realm.directory, 'full'), join(realm.directory, 'increment')];
  await coda(['mkdir', 'u/d']);
  await coda(['put', '-', 'u/d/long'], 'x'.repeat(700_000));
  await coda(['put', '-', 'u/gone'], 'gone');
  await coda(['realm', 'volume', 'dump', 'u', full]);
  await coda(['put', '-', 'u/later'], 'later');
  await coda(['rm', 'u/gone']);
  await coda(['realm', 'volume', 'dump', '--since', full, 'u', increment]);
  await coda(['realm', 'volume', 'restore', '--as', 'v', full, increment]);
  await ok('cfs', ['mkmount', 'v', 'v']);
  expect(await coda(['verify', 'v'])).toContain('0 differences; 3 servers compared: s1 s2 s3');
  await coda(['put', '-', 'v/new'], 'new');
  for (const server of ['s1', 's2']) await coda(['realm', 'server', 'stop', server]);
  expect(await coda(['ls', 'v'])).toBe('d\nlater\nnew\n');
  expect(await coda(['cat', 'v/d/long', 'v/later', 'v/new'])).toBe(`${'x'.repeat(700_000)}laternew`);
});

it('a dump is of the server that is named; without a name, of what all have', async () => {
  await coda(['put', '-', 'u/old'], 'old');
  for (const way of [
    ['laptop', 's1'],
    ['s1', 's2'],
    ['s1', 's3'],
  ])
    await coda(['realm', 'link', 'cut', ...way]);
  await coda(['put', '-', 'u/new'], 'new');
  await coda(['realm', 'link', 'heal', 'laptop', 's1']);
  const listed = async (words: readonly string[]) => {
    const file = join(realm.directory, `dump${words.join('')}`);
    await coda(['realm', 'volume', 'dump', ...words, 'u', file]);
    return coda(['realm', 'dump', 'list', file]);
  };
  expect(await listed(['--server', 's1'])).not.toContain('new');
  expect(await listed(['--server', 's2'])).toContain('new');
  for (const way of [
    ['s1', 's2'],
    ['s1', 's3'],
  ])
    await coda(['realm', 'link', 'heal', ...way]);
  expect(await listed([])).toContain('new');
  const refused = await realm.run('coda', ['realm', 'volume', 'dump', '--server', 's9', 'u', '-'], {
    env: laptop,
  });
  expect(refused.stderr).toContain('s9 holds no replica of the volume');
  expect(refused.status).toBe(1);
});
