import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

/** A conflict of each kind below a directory. @returns what was there at the laptop, with s1, and at the desk, with s2 and s3 */
async function eachKind(top: string): Promise<{ readonly laptop: Tree; readonly desk: Tree }> {
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
  const seen: Tree[] = [];
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
    for (const client of [laptop, desk]) seen.push(await client.tree(top));
  });
  await healed();
  const [atLaptop = {}, atDesk = {}] = seen;
  return { laptop: atLaptop, desk: atDesk };
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
    'knows them',
    async () => {
      await eachKind('kinds');
      const found = (await conflicts(servers.laptop)).flatMap(({ causes = [] }) =>
        causes.map(({ kind }) => kind),
      );
      expect([...new Set(found)].sort()).toEqual(
        expect.arrayContaining([
          'cycle',
          'name/name',
          'remove/update',
          'rename/remove',
          'rename/rename',
          'update/update',
        ]),
      );
      await servers.laptop.ok('coda', ['resolve', '--all', '--keep', 'both']);
      const tree = await settledTree('kinds');
      const texts = [
        'laptop same',
        'desk same',
        'laptop file',
        'desk file',
        'desk gone',
        'desk inside',
        'base moved/old',
        'base renamed/old',
      ];
      expect(Object.values(tree)).toEqual(expect.arrayContaining(texts));
    },
    LONG,
  );

  it.each(['s1', 's2'])(
    '--keep %s leaves what that server has',
    async (server) => {
      const top = `keep-${server}`;
      const { laptop, desk } = await eachKind(top);
      await servers.laptop.ok('coda', ['resolve', '--all', '--keep', server]);
      expect(await settledTree(top)).toEqual(server === 's1' ? laptop : desk);
      expect(await modeOf(servers.laptop, `${top}/mode`)).toBe(server === 's1' ? 0o711 : 0o700);
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
      const names = Object.keys(tree);
      expect(names.filter((name) => name.startsWith('newest/names/'))).toHaveLength(1);
      expect(names.filter((name) => name.startsWith('newest/renamed/'))).toHaveLength(1);
      expect(names.filter((name) => name.startsWith('newest/cycle/'))).toHaveLength(2);
    },
    LONG,
  );
});
