import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { bin } from './support.ts';
import { type Mode, modes } from './modes.ts';
import { type Client, TwoClients } from './twoClients.ts';
import { typeAt } from '../support/typing.ts';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
const COUNT = 1000;
/** At a real Coda each object is a session of its own, with a journal that is flushed at each step. */
const COUNT_BY_ITSELF = 50;
const IN_FLIGHT = 8;
let names: readonly string[];
let clients: TwoClients;

async function writeAll(client: Client, contents: string): Promise<void> {
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
      await client.write(`d/${name}`, `${contents} ${name}`);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

/** Files that both stored. */
async function begin({ options, settlesTogether }: Mode): Promise<void> {
  names = Array.from({ length: settlesTogether ? COUNT : COUNT_BY_ITSELF }, (_, at) => `f${at}.txt`);
  clients = await TwoClients.start(...options);
  await clients.laptop.mkdir('d');
  await writeAll(clients.laptop, 'old');
  await clients.desk.tree('d');
  await clients.conflict(
    (client) => writeAll(client, 'mine'),
    (client) => writeAll(client, 'theirs'),
  );
}

const conflictsSchema = v.object({ conflicts: v.array(v.object({ path: v.string() })) });

describe.each(modes)('many conflicts, at $where', (mode) => {
  beforeAll(() => begin(mode));
  afterAll(() => clients.end());

  it('are listed at once', async () => {
    const begun = performance.now();
    const stdout = await clients.laptop.ok('coda', ['conflicts', '--json']);
    const took = performance.now() - begun;
    process.stdout.write(`coda conflicts, ${names.length} conflicts: ${Math.round(took)} ms\n`);
    const { conflicts } = v.parse(conflictsSchema, JSON.parse(stdout));
    expect(conflicts.map(({ path }) => path).sort()).toEqual(
      names.map((name) => `/coda/test.realm/d/${name}`).sort(),
    );
    // Under a second where nothing else runs.
    expect(took).toBeLessThan(5000);
  });

  it('are resolved with progress, and both versions are there', async () => {
    const { realm, laptop, desk } = clients;
    const env = { ...realm.env, ...laptop.env, TERM: 'xterm', SHELL: '/bin/sh' };
    const command = 'stty cols 100; exec "$0" resolve --all --keep both';
    const begun = performance.now();
    const typing = typeAt(['/bin/sh', '-c', command, join(bin, 'coda')], env);
    await typing.sees(`of ${names.length} ${mode.settlesTogether ? 'changes' : 'objects'}`);
    expect(await typing.ends()).toMatchObject({ status: 0 });
    process.stdout.write(
      `coda resolve, ${names.length} conflicts: ${Math.round(performance.now() - begun)} ms\n`,
    );
    const tree = await desk.tree('d');
    expect(Object.keys(tree)).toHaveLength(2 * names.length);
    for (const name of names) {
      expect(tree[`d/${name}`]).toBe(`theirs ${name}`);
      const beside = Object.keys(tree).find((path) =>
        path.startsWith(`d/${name.replace('.txt', '')}.laptop.`),
      );
      expect(tree[beside ?? '']).toBe(`mine ${name}`);
    }
    expect(await laptop.tree('d')).toEqual(tree);
    expect(await laptop.ok('coda', ['conflicts'])).toBe('No conflicts.\n');
  });
});
