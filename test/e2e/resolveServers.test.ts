import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isErrno } from '../../src/ipc/errors.ts';
import { PartedServers } from './partedServers.ts';
import { until } from './support.ts';
import { type Client, TOP } from './twoClients.ts';

const HISTORIES = 4;
const ACTIONS = 14;
const NAMES = ['a', 'b', 'c'];
const listed = v.object({
  conflicts: v.array(v.object({ path: v.string(), kind: v.string(), causes: v.array(v.object({ kind: v.string() })) })),
});

let servers: PartedServers;
beforeAll(async () => {
  servers = await PartedServers.start();
});
afterAll(() => servers.end());

/** The same numbers for the same seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state ^ (state >>> 13)) % below;
  };
}

async function conflicts(client: Client) {
  return v.parse(listed, JSON.parse(await client.ok('coda', ['conflicts', '--json']))).conflicts;
}

/** What somebody does at random; what makes no sense where he is, is left out. */
class Worker {
  readonly client: Client;
  readonly written = new Set<string>();
  readonly #top: string;
  readonly #random: (below: number) => number;
  #count = 0;

  constructor(client: Client, top: string, random: (below: number) => number) {
    this.client = client;
    this.#top = top;
    this.#random = random;
  }

  async act(): Promise<void> {
    const { client } = this;
    const tree = await client.tree(this.#top);
    const files = Object.keys(tree).filter((path) => !isFolder(tree, path));
    const directories = [this.#top, ...Object.keys(tree).filter((path) => isFolder(tree, path))];
    const file = this.#one(files);
    const directory = this.#one(directories) ?? this.#top;
    const place = `${directory}/${this.#one(NAMES) ?? ''}`;
    const any = this.#one(Object.keys(tree));
    try {
      switch (this.#random(9)) {
        case 0:
        case 1:
          if (!(place in tree)) await client.write(place, this.#text());
          return;
        case 2:
        case 3:
          if (file !== undefined) await client.write(file, this.#text());
          return;
        case 4:
          return await client.mkdir(place);
        case 5:
          if (any !== undefined) await removeTree(client, tree, any);
          return;
        case 6:
          if (any !== undefined && !(place in tree)) await client.rename(any, place);
          return;
        case 7:
          return await client.files.setattr(`${TOP}/${any ?? this.#top}`, { mode: 0o600 + this.#random(64) });
        case 8:
          await client.ok('cfs', ['setacl', `${TOP}/${directory}`.replace(TOP, '/coda/test.realm'), 'jan', this.#one(['rl', 'rlidwka', 'none']) ?? '']);
          return;
      }
    } catch (error) {
      if (!isErrno(error, 'EEXIST', 'ENOENT', 'EINVAL', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR')) throw error;
    }
  }

  #text(): string {
    this.#count += 1;
    const text = `${this.client.name} ${this.#top} ${this.#count}`;
    this.written.add(text);
    return text;
  }

  #one<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : items[this.#random(items.length)];
  }
}

function isFolder(tree: Readonly<Record<string, string>>, path: string): boolean {
  return tree[path] === 'directory';
}

async function removeTree(client: Client, tree: Readonly<Record<string, string>>, path: string): Promise<void> {
  const below = Object.keys(tree).filter((other) => other.startsWith(`${path}/`));
  for (const each of [...below.sort().reverse(), path]) await client.remove(each);
}

/** What each server has below a directory. */
async function replicasOf(client: Client, directory: string): Promise<readonly unknown[]> {
  await client.ok('cfs', ['beginrepair', `/coda${TOP}/${directory}`]);
  const trees = [];
  for (const server of ['s1', 's2', 's3']) {
    const tree = await client.tree(`${directory}/${server}`);
    trees.push(Object.fromEntries(Object.entries(tree).map(([path, what]) => [path.replace(`/${server}`, ''), what])));
  }
  await client.ok('cfs', ['endrepair', `/coda${TOP}/${directory}`]);
  return trees;
}

describe('coda resolve --all --keep both', () => {
  it.each(Array.from({ length: HISTORIES }, (_, at) => at + 1))(
    'settles whatever two people did apart from each other, history %i: nothing is left, and nothing is lost',
    async (seed) => {
      const random = randomNumbers(seed);
      const top = `history${seed}`;
      const { laptop, desk } = servers;
      await laptop.mkdir(top);
      for (const path of ['a', 'b']) await laptop.mkdir(`${top}/${path}`);
      for (const path of ['c', 'a/a', 'a/b', 'b/a']) await laptop.write(`${top}/${path}`, `base ${path}`);
      const workers = [new Worker(laptop, top, random), new Worker(desk, top, random)];
      const expected: string[] = [];
      await servers.parted(async () => {
        for (const worker of workers) {
          for (let count = 0; count < ACTIONS; count++) await worker.act();
          const tree = Object.values(await worker.client.tree(top));
          expected.push(...tree.filter((text) => worker.written.has(text)));
        }
      });
      await until(async () => (await laptop.run('cfs', ['checkservers'])).stdout.includes('All servers up'), 60_000);
      const before = await conflicts(laptop);
      console.log(seed, JSON.stringify(before.map((c) => [c.path, ...c.causes.map((x) => x.kind)])));
      const started = Date.now();
      const { status, stdout, stderr } = await laptop.run('coda', ['resolve', '--all', '--keep', 'both']);
      console.log(Date.now() - started, stdout, stderr);
      expect(stderr + stdout).toBeDefined();
      expect(status, stderr + stdout).toBe(0);
      expect(await conflicts(desk)).toEqual([]);
      const tree = await laptop.tree(top);
      expect(await desk.tree(top)).toEqual(tree);
      expect(new Set(Object.values(tree))).toEqual(new Set([...Object.values(tree), ...expected]));
      const [first, ...others] = await replicasOf(desk, top);
      expect(first).toEqual(tree);
      for (const other of others) expect(other).toEqual(first);
    },
    180_000,
  );
});
