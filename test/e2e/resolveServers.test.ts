import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isErrno } from '../../src/ipc/errors.ts';
import { PartedServers } from './partedServers.ts';
import { until } from './support.ts';
import { type Client, TOP } from './twoClients.ts';

/** Each leads to conflicts; 8 also to names of the same by which others were made meanwhile. */
const HISTORIES = [1, 4, 5, 6, 7, 8];
const ACTIONS = 14;
const NAMES = ['a', 'b', 'c'];
const listed = v.object({
  conflicts: v.array(
    v.object({ path: v.string(), kind: v.string(), causes: v.array(v.object({ kind: v.string() })) }),
  ),
});

let servers: PartedServers;
/** Kinds of conflicts that histories led to. */
const kinds = new Set<string>();
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

/** Both reach all, and the servers have compared what they have. */
async function serversAreUp(): Promise<void> {
  for (const client of [servers.laptop, servers.desk])
    await until(
      async () => (await client.run('cfs', ['checkservers'])).stdout.includes('All servers up'),
      60_000,
    );
  await servers.desk.run('coda', ['ls', '-l', '.']);
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
          await client.mkdir(place);
          return;
        case 5:
          if (any !== undefined) await removeTree(client, tree, any);
          return;
        case 6:
          if (any !== undefined && !(place in tree)) await client.rename(any, place);
          return;
        case 7:
          await client.files.setattr(`${TOP}/${any ?? this.#top}`, { mode: 0o600 + this.#random(64) });
          return;
        case 8:
          await client.ok('cfs', [
            'setacl',
            `/coda${TOP}/${directory}`,
            'System:AnyUser',
            this.#one(['rl', 'rlidwk', 'none']) ?? '',
          ]);
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

async function removeTree(
  client: Client,
  tree: Readonly<Record<string, string>>,
  path: string,
): Promise<void> {
  const below = Object.keys(tree).filter((other) => other.startsWith(`${path}/`));
  for (const each of [...below.sort().reverse(), path]) await client.remove(each);
}

/** What each server has below a directory. */
async function replicasOf(client: Client, directory: string): Promise<readonly unknown[]> {
  await client.ok('cfs', ['beginrepair', `/coda${TOP}/${directory}`]);
  const trees = [];
  for (const server of ['s1', 's2', 's3']) {
    const tree = await client.tree(`${directory}/${server}`);
    trees.push(
      Object.fromEntries(Object.entries(tree).map(([path, what]) => [path.replace(`/${server}`, ''), what])),
    );
  }
  await client.ok('cfs', ['endrepair', `/coda${TOP}/${directory}`]);
  return trees;
}

describe('coda resolve --all --keep both', () => {
  it.each(HISTORIES)(
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
      await serversAreUp();
      const before = await conflicts(laptop);
      for (const { causes } of before) for (const { kind } of causes) kinds.add(kind);
      const { status, stdout, stderr } = await laptop.run('coda', ['resolve', '--all', '--keep', 'both']);
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

  it('has settled conflicts of these kinds', () => {
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining(['name/name', 'remove/update', 'update/update']),
    );
  });

  it('settles names, renames and links that two people gave differently, in the root of a volume and below a conflict', async () => {
    const { laptop, desk } = servers;
    await laptop.mkdir('one');
    await laptop.mkdir('two');
    await laptop.write('one/moved', 'moved');
    await laptop.write('two/both', 'base');
    await servers.parted(async () => {
      await laptop.write('same', 'same at the laptop');
      await desk.mkdir('same');
      await desk.write('same/inside', 'inside at the desk');
      await laptop.rename('one/moved', 'one/laptop');
      await desk.rename('one/moved', 'two/desk');
      await laptop.write('two/both', 'both at the laptop');
      await desk.write('two/both', 'both at the desk');
      await laptop.files.symlink(`${TOP}/two/link`, 'laptop');
      await desk.files.symlink(`${TOP}/two/link`, 'desk');
    });
    await serversAreUp();
    const told = await laptop.ok('coda', ['conflicts']);
    expect(told).toContain(
      'on s1 luqi made same, on s2 and s3 jan made same, on s2 and s3 jan made same/inside: different things have the name same.',
    );
    expect(told).toContain('  s1, luqi, 18 bytes');
    const refused = await laptop.run('coda', ['resolve', '--all', '--keep', 'mine']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('--keep takes newest, both or one of s1, s2, s3, not mine');
    await laptop.ok('coda', ['resolve', '--all', '--keep', 'both']);
    expect(await conflicts(laptop)).toEqual([]);
    const found = Object.values({ ...(await desk.tree('one')), ...(await desk.tree('two')) });
    expect(found.sort()).toEqual(['-> desk', '-> laptop', 'both at the desk', 'both at the laptop', 'moved']);
    const names: string[] = [];
    for await (const { name } of desk.files.readdir(TOP)) names.push(name);
    const same = names.filter((name) => name.startsWith('same')).sort();
    expect(same).toEqual(['same', expect.stringMatching(/^same\.s1\.luqi\.\d{4}-\d\d-\d\d$/)]);
    expect(await desk.read('same/inside')).toBe('inside at the desk');
    expect(await desk.read(same[1] ?? '')).toBe('same at the laptop');
  }, 120_000);
});

describe('one version of a file', () => {
  it.each(['coda', 'repair'])(
    'that of a server is kept by %s, and the other is saved before',
    async (tool) => {
      const { laptop, desk, realm } = servers;
      const path = `${tool}.txt`;
      await laptop.write(path, 'base');
      await servers.parted(async () => {
        await desk.write(path, 'the desk, older');
        await laptop.write(path, 'the laptop, newer');
      });
      await serversAreUp();
      const words = tool === 'coda' ? ['resolve', path] : [path];
      const list = await laptop.ok('repair', [path, '--list']);
      expect(list).toMatch(/^s1, luqi, 17 bytes, .*\ns2, luqi, 15 bytes, .*\ns3, luqi, 15 bytes, .*\n$/);
      const wrong = await laptop.run(tool, [...words, '--keep', 's9']);
      expect(wrong.status).toBe(2);
      const { status, stderr, stdout } = await laptop.run(tool, [...words, '--keep', 's2', '--json']);
      expect(status, stderr).toBe(0);
      expect(await desk.read(path)).toBe('the desk, older');
      const copies = /"replaced": "([^"]+)"/.exec(stdout)?.[1] ?? '';
      expect(copies.startsWith(realm.directory)).toBe(true);
      expect(readFileSync(join(copies, 's1', path), 'utf8')).toBe('the laptop, newer');
      expect(await conflicts(laptop)).toEqual([]);
    },
    60_000,
  );
});
