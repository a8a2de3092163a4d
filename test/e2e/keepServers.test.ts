import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import * as v from 'valibot';
import { PartedServers } from './partedServers.ts';
import { until } from './support.ts';
import { type Client, TOP } from './twoClients.ts';

const listed = v.object({
  conflicts: v.array(
    v.object({
      path: v.string(),
      kind: v.string(),
      causes: v.optional(v.array(v.object({ kind: v.string() }))),
    }),
  ),
});
const KINDS = ['cycle', 'name/name', 'remove/update', 'rename/remove', 'rename/rename', 'update/update'];
const LONG = 180_000;
const SERVERS = ['s1', 's2', 's3'];

let servers: PartedServers;
beforeAll(async () => {
  servers = await PartedServers.start();
}, LONG);
afterAll(() => servers.end());

async function conflicts(client: Client) {
  return v.parse(listed, JSON.parse(await client.ok('coda', ['conflicts', '--json']))).conflicts;
}

/** Both reach all, and the servers have compared what they have. */
async function healed(): Promise<void> {
  for (const client of [servers.laptop, servers.desk])
    await until(
      async () => (await client.run('cfs', ['checkservers'])).stdout.includes('All servers up'),
      60_000,
    );
  await servers.desk.run('coda', ['ls', '-l', '.']);
}

/** What each server has of a directory. */
async function replicasOf(client: Client, directory: string): Promise<readonly unknown[]> {
  await client.ok('cfs', ['beginrepair', `/coda${TOP}/${directory}`]);
  const trees: unknown[] = [];
  for (const server of SERVERS) {
    const tree = Object.entries(await client.tree(`${directory}/${server}`));
    trees.push(Object.fromEntries(tree.map(([path, what]) => [path.replace(`/${server}`, ''), what])));
  }
  await client.ok('cfs', ['endrepair', `/coda${TOP}/${directory}`]);
  return trees;
}

const modeOf = async (client: Client, path: string) =>
  (await client.files.lstat(`${TOP}/${path}`)).mode & 0o777;

type Tree = Readonly<Record<string, string>>;

/** A conflict of each kind below a directory. @returns what was there at the laptop, with s1 */
async function eachKind(top: string): Promise<Tree> {
  const { laptop, desk } = servers;
  for (const path of [
    '',
    '/names',
    '/mode',
    '/removed',
    '/renamed',
    '/moved',
    '/emptied',
    '/emptied/sub',
    '/cycle',
    '/cycle/a',
    '/cycle/b',
  ])
    await laptop.mkdir(`${top}${path}`);
  for (const path of ['file', 'removed/gone', 'renamed/old', 'moved/old'])
    await laptop.write(`${top}/${path}`, `base ${path}`);
  let seen: Tree = {};
  await servers.parted(async () => {
    await laptop.write(`${top}/names/same`, 'laptop same');
    await laptop.write(`${top}/file`, 'laptop file');
    await laptop.files.setattr(`${TOP}/${top}/mode`, { mode: 0o711 });
    await laptop.remove(`${top}/removed/gone`);
    await laptop.rename(`${top}/renamed/old`, `${top}/renamed/laptop`);
    await laptop.rename(`${top}/moved/old`, `${top}/moved/laptop`);
    await laptop.remove(`${top}/emptied/sub`);
    await laptop.rename(`${top}/cycle/a`, `${top}/cycle/b/a`);
    await desk.write(`${top}/names/same`, 'desk same');
    await desk.write(`${top}/file`, 'desk file');
    await desk.files.setattr(`${TOP}/${top}/mode`, { mode: 0o700 });
    await desk.write(`${top}/removed/gone`, 'desk gone');
    await desk.rename(`${top}/renamed/old`, `${top}/renamed/desk`);
    await desk.remove(`${top}/moved/old`);
    await desk.write(`${top}/emptied/sub/inside`, 'desk inside');
    await desk.rename(`${top}/cycle/b`, `${top}/cycle/a/b`);
    seen = await laptop.tree(top);
  });
  await healed();
  return seen;
}

/** That nothing is in conflict, and everybody has the same. @returns what that is */
async function settledTree(top: string): Promise<Tree> {
  const { laptop, desk } = servers;
  expect(await conflicts(laptop)).toEqual([]);
  const tree = await laptop.tree(top);
  expect(await desk.tree(top)).toEqual(tree);
  for (const replica of await replicasOf(desk, top)) expect(replica).toEqual(tree);
  return tree;
}

describe('coda resolve, of each kind of conflict that servers can be in', () => {
  it(
    '--keep SERVER leaves what that server has',
    async () => {
      const expected = await eachKind('server');
      const found = (await conflicts(servers.laptop)).flatMap(({ causes = [] }) =>
        causes.map(({ kind }) => kind),
      );
      expect([...new Set(found)].sort()).toEqual(expect.arrayContaining(KINDS));
      await servers.laptop.ok('coda', ['resolve', '--all', '--keep', 's1']);
      expect(await settledTree('server')).toEqual(expected);
      expect(await modeOf(servers.laptop, 'server/mode')).toBe(0o711);
    },
    LONG,
  );

  it(
    '--keep newest leaves what was written last, once',
    async () => {
      await eachKind('newest');
      await servers.laptop.ok('coda', ['resolve', '--all', '--keep', 'newest']);
      const tree = await settledTree('newest');
      expect(tree).toMatchObject({
        'newest/names/same': 'desk same',
        'newest/file': 'desk file',
        'newest/removed/gone': 'desk gone',
        'newest/emptied/sub/inside': 'desk inside',
      });
      const below = (directory: string) =>
        Object.keys(tree).filter((name) => name.startsWith(`newest/${directory}/`));
      expect(below('names')).toHaveLength(1);
      expect(below('renamed')).toHaveLength(1);
      expect(below('cycle')).toHaveLength(2);
    },
    LONG,
  );
});

describe('repair, of a directory whose servers differ', () => {
  it(
    'takes its commands from a pipe, with the answers to what it asks',
    async () => {
      const { laptop, desk, realm } = servers;
      await laptop.mkdir('piped');
      await servers.parted(async () => {
        await laptop.write('piped/same', 'laptop same');
        await desk.write('piped/same', 'desk same');
      });
      await healed();
      const fix = join(realm.directory, 'fix');
      const input = `begin piped\ncompare ${fix}\nno\nyes\nyes\nyes\ndo ${fix}\nyes\nquit\n`;
      const finished = await laptop.run('repair', [], { input });
      expect(finished.status, finished.stdout + finished.stderr).toBe(0);
      expect(await settledTree('piped')).toEqual({ 'piped/same': 'laptop same' });
    },
    LONG,
  );
});

describe('a file that servers differ in, and that its client has changed as well', () => {
  it(
    'is settled first among the servers, and then with what the client has',
    async () => {
      const { laptop, desk } = servers;
      const link = (client: Client, ...words: readonly string[]) =>
        client.ok('coda', ['realm', 'link', ...words]);
      await laptop.mkdir('mixed');
      await laptop.write('mixed/file', 'before');
      for (const client of [laptop, desk]) expect(await client.read('mixed/file')).toBe('before');
      for (const server of SERVERS) await link(desk, 'cut', 'laptop', server);
      await laptop.write('mixed/file', 'laptop');
      const others = ['s2', 's3'] as const;
      for (const other of others) await link(desk, 'cut', 's1', other);
      for (const other of others) await link(desk, 'cut', 'desk', other);
      await desk.write('mixed/file', 'desk with s1');
      for (const other of others) await link(desk, 'heal', 'desk', other);
      await link(desk, 'cut', 'desk', 's1');
      await until(async () => (await desk.read('mixed/file').catch(String)) === 'before');
      await desk.write('mixed/file', 'desk with s2');
      await link(desk, 'heal', '--all');
      await healed();
      const kindsAt = async () =>
        (await conflicts(laptop))
          .filter(({ path }) => path.endsWith('/file'))
          .map(({ kind }) => kind)
          .sort();
      await until(async () => (await kindsAt()).length === 2);
      expect(await kindsAt()).toEqual(['local/global', 'server/server']);

      await laptop.ok('coda', ['resolve', '--all', '--keep', 'both']);
      const tree = await settledTree('mixed');
      expect(Object.values(tree).sort()).toEqual(['desk with s1', 'desk with s2', 'laptop']);
    },
    LONG,
  );
});
