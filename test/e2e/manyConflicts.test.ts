import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { bin } from './support.ts';
import { type Client, TwoClients } from './twoClients.ts';
import { typeAt } from '../support/typing.ts';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
const COUNT = 1000;
const IN_FLIGHT = 8;
const names = Array.from({ length: COUNT }, (_, at) => `f${at}.txt`);
let clients: TwoClients;

async function writeAll(client: Client, contents: string): Promise<void> {
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
      await client.write(`d/${name}`, `${contents} ${name}`);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

/** A thousand files that both stored. */
beforeAll(async () => {
  clients = await TwoClients.start();
  await clients.laptop.mkdir('d');
  await writeAll(clients.laptop, 'old');
  await clients.desk.tree('d');
  await clients.conflict(
    (client) => writeAll(client, 'mine'),
    (client) => writeAll(client, 'theirs'),
  );
});
afterAll(() => clients.end());

const conflictsSchema = v.object({ conflicts: v.array(v.object({ path: v.string() })) });

it('a thousand conflicts are listed at once', async () => {
  const begun = performance.now();
  const stdout = await clients.laptop.ok('coda', ['conflicts', '--json']);
  const took = performance.now() - begun;
  process.stdout.write(`coda conflicts, ${COUNT} conflicts: ${Math.round(took)} ms\n`);
  const { conflicts } = v.parse(conflictsSchema, JSON.parse(stdout));
  expect(conflicts.map(({ path }) => path).sort()).toEqual(
    names.map((name) => `/coda/test.realm/d/${name}`).sort(),
  );
  // Under a second where nothing else runs.
  expect(took).toBeLessThan(5000);
});

it('a thousand conflicts are resolved with progress, and both versions are there', async () => {
  const { realm, laptop, desk } = clients;
  const env = { ...realm.env, ...laptop.env, TERM: 'xterm', SHELL: '/bin/sh' };
  const command = 'stty cols 100; exec "$0" resolve --all --keep both';
  const begun = performance.now();
  const typing = typeAt(['/bin/sh', '-c', command, join(bin, 'coda')], env);
  await typing.sees(`of ${COUNT} changes`);
  expect(await typing.ends()).toMatchObject({ status: 0 });
  process.stdout.write(`coda resolve, ${COUNT} conflicts: ${Math.round(performance.now() - begun)} ms\n`);
  const tree = await desk.tree('d');
  expect(Object.keys(tree)).toHaveLength(2 * COUNT);
  for (const name of names) {
    expect(tree[`d/${name}`]).toBe(`theirs ${name}`);
    const beside = Object.keys(tree).find((path) => path.startsWith(`d/${name.replace('.txt', '')}.laptop.`));
    expect(tree[beside ?? '']).toBe(`mine ${name}`);
  }
  expect(await laptop.tree('d')).toEqual(tree);
  expect(await laptop.ok('coda', ['conflicts'])).toBe('No conflicts.\n');
});
