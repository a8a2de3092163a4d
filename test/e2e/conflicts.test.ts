import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { type Mode, modes } from './modes.ts';
import { type Client, TOP, TwoClients } from './twoClients.ts';

// Each test starts many processes.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const D = '/coda/test.realm/d';
let both: TwoClients;
let laptop: Client;
let desk: Client;
let state: string;

async function begin({ options }: Mode): Promise<void> {
  both = await TwoClients.start(...options);
  [laptop, desk] = [both.laptop, both.desk];
  state = join(both.realm.directory, 'state');
  await laptop.mkdir('d');
}
afterEach(() => both.end());

const conflictsSchema = v.object({
  conflicts: v.array(
    v.object({
      path: v.string(),
      mutation: v.object({ op: v.string() }),
      verdict: v.object({ obstruction: v.string() }),
    }),
  ),
  failures: v.array(v.unknown()),
});

async function listed(client = laptop): Promise<readonly string[]> {
  const { conflicts } = v.parse(
    conflictsSchema,
    JSON.parse(await client.ok('coda', ['conflicts', '--json'])),
  );
  return conflicts.map(
    ({ path, mutation, verdict }) => `${path.slice(D.length - 1)} ${mutation.op} ${verdict.obstruction}`,
  );
}

const resolve = (...words: readonly string[]) =>
  laptop.run('coda', ['resolve', ...words], { env: { XDG_STATE_HOME: state } });

async function sameTree(): Promise<Readonly<Record<string, string>>> {
  const [mine, theirs] = [await laptop.tree('d'), await desk.tree('d')];
  expect(mine).toEqual(theirs);
  return mine;
}

/** What was replaced, by its path: contents, or where a link leads. Only its owner can read it. */
function replaced(): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const [run = '', ...others] = readdirSync(join(state, 'coda', 'replaced'));
  expect(others).toEqual([]);
  const root = join(state, 'coda', 'replaced', run);
  for (const entry of ['', ...readdirSync(root, { recursive: true }).map(String)]) {
    const path = join(root, entry);
    const stats = lstatSync(path);
    if (stats.isDirectory()) expect(stats.mode & 0o777).toBe(0o700);
    else if (stats.isSymbolicLink()) found[entry] = `-> ${readlinkSync(path)}`;
    else {
      expect(stats.mode & 0o777).toBe(0o600);
      found[entry] = readFileSync(path, 'utf8');
    }
  }
  return found;
}

/** Every kind of conflict, each with names of its own, in one volume. */
async function makeAllKinds(): Promise<void> {
  for (const name of ['stored', 'gone', 'removed', 'moded', 'moved', 'twice', 'same'])
    await laptop.write(`d/${name}`, `old ${name}`);
  for (const name of ['empty', 'sub']) await laptop.mkdir(`d/${name}`);
  await laptop.write('d/sub/h', 'old h');
  for (const client of [laptop, desk]) await client.tree('d');
  await both.conflict(
    async (client) => {
      await client.write('d/stored', 'my stored');
      await client.write('d/made', 'my made');
      await client.mkdir('d/dir');
      await client.write('d/dir/mine', 'my file');
      await client.write('d/gone', 'my gone');
      await client.remove('d/removed');
      await client.files.setattr(`${TOP}/d/moded`, { mode: 0o600 });
      await client.rename('d/moved', 'd/taken');
      await client.rename('d/twice', 'd/my twice');
      await client.remove('d/empty');
      await client.write('d/sub/h', 'my h');
      await client.write('d/same', 'the same');
      await client.write('d/same new', 'the same');
      await client.files.symlink(`${TOP}/d/link`, 'my target');
    },
    async (client) => {
      await client.write('d/stored', 'their stored');
      await client.write('d/made', 'their made');
      await client.mkdir('d/dir');
      await client.write('d/dir/theirs', 'their file');
      await client.remove('d/gone');
      await client.write('d/removed', 'their removed');
      await client.write('d/moded', 'their moded');
      await client.write('d/taken', 'their taken');
      await client.rename('d/twice', 'd/their twice');
      await client.write('d/empty/x', 'their x');
      await client.remove('d/sub/h');
      await client.remove('d/sub');
      await client.write('d/same', 'the same');
      await client.write('d/same new', 'the same');
      await client.files.symlink(`${TOP}/d/link`, 'their target');
    },
  );
}

/** What is the same whichever side is kept. */
const settled = {
  'd/dir': 'directory',
  'd/dir/mine': 'my file',
  'd/dir/theirs': 'their file',
  'd/moded': 'their moded',
  'd/same': 'the same',
  'd/same new': 'the same',
};
/** What the servers have by the name that the other one gave it, where it was not found there. */
const leftOver = ({ followsMoves }: Mode) => (followsMoves ? {} : { 'd/their twice': 'old twice' });
const today = '\\d{4}-\\d\\d-\\d\\d';

describe.each(modes)('coda resolve --all, at $where', (mode) => {
  beforeEach(async () => {
    await begin(mode);
    await makeAllKinds();
  });

  it('keeps mine, and saves what it replaces', async () => {
    expect((await listed()).length).toBeGreaterThan(4);
    const { status, stdout, stderr } = await resolve('--all', '--keep', 'mine');
    expect(status).toBe(0);
    expect(stdout).toContain(`same on both sides: store ${D}/local/same\n`);
    expect(stderr).toMatch(/^what was replaced is in .*\/state\/coda\/replaced\/\S+\n$/);
    expect(await sameTree()).toEqual({
      ...settled,
      ...leftOver(mode),
      'd/stored': 'my stored',
      'd/made': 'my made',
      'd/gone': 'my gone',
      'd/taken': 'old moved',
      'd/my twice': 'old twice',
      'd/sub': 'directory',
      'd/sub/h': 'my h',
      'd/link': '-> my target',
    });
    expect(replaced()).toEqual({
      stored: 'their stored',
      made: 'their made',
      removed: 'their removed',
      taken: 'their taken',
      'empty/x': 'their x',
      link: '-> their target',
    });
    expect(await laptop.ok('coda', ['conflicts'])).toBe('No conflicts.\n');
    expect(await resolve('--all', '--keep', 'mine')).toMatchObject({ status: 0, stdout: 'No conflicts.\n' });
  });

  it("keeps the server's", async () => {
    expect(await resolve('--all', '--keep', 'server')).toMatchObject({ status: 0, stderr: '' });
    expect(await sameTree()).toEqual({
      ...settled,
      'd/stored': 'their stored',
      'd/made': 'their made',
      'd/removed': 'their removed',
      'd/moved': 'old moved',
      'd/taken': 'their taken',
      'd/their twice': 'old twice',
      'd/empty': 'directory',
      'd/empty/x': 'their x',
      'd/link': '-> their target',
    });
  });

  it('keeps both', async () => {
    const { status, stdout } = await resolve('--all', '--keep', 'both');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^kept both: store ${D}/local/stored, as stored\\.laptop\\.${today}$`, 'm'),
    );
    const tree = Object.fromEntries(
      Object.entries(await sameTree()).map(([path, contents]) => [
        path.replace(new RegExp(`laptop\\.${today}`), 'laptop.DAY'),
        contents,
      ]),
    );
    expect(tree).toEqual({
      ...settled,
      ...leftOver(mode),
      'd/stored': 'their stored',
      'd/stored.laptop.DAY': 'my stored',
      'd/made': 'their made',
      'd/made.laptop.DAY': 'my made',
      'd/gone': 'my gone',
      'd/removed': 'their removed',
      'd/taken': 'their taken',
      'd/taken.laptop.DAY': 'old moved',
      'd/my twice': 'old twice',
      'd/empty': 'directory',
      'd/empty/x': 'their x',
      'd/sub': 'directory',
      'd/sub/h': 'my h',
      'd/link': '-> their target',
      'd/link.laptop.DAY': '-> my target',
    });
  });

  it('says what it would do, and does nothing', async () => {
    const before = await listed();
    const { status, stdout } = await resolve('--all', '--keep', 'mine', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toContain('but meanwhile');
    expect(await listed()).toEqual(before);
    expect(stdout.split('\n').filter((line) => line.startsWith('/'))).toHaveLength(before.length);
  });
});

describe.each(modes)('coda conflicts, at $where', (mode) => {
  beforeEach(() => begin(mode));

  it('says in one line that there are none', async () => {
    expect(await laptop.run('coda', ['conflicts', '--exit-code'])).toMatchObject({
      status: 0,
      stdout: 'No conflicts.\n',
      stderr: '',
    });
    expect(JSON.parse(await laptop.ok('coda', ['conflicts', '--json']))).toEqual({
      conflicts: [],
      failures: [],
    });
  });

  it('tells of each side, and is found from the object and from inside it, as are the logs', async () => {
    await laptop.mkdir('d/papers');
    await laptop.write('d/papers/a', 'old');
    for (const client of [laptop, desk]) await client.tree('d');
    await both.conflict(
      (client) => client.write('d/papers/new', 'mine'),
      (client) => client.write('d/papers/new', 'theirs, longer'),
    );
    const text = await laptop.ok('coda', ['conflicts']);
    expect(text).toMatch(
      /^\/coda\/test\.realm\/d\/papers\n {2}On laptop you made the file new, but meanwhile somebody else had made another new\.\n/,
    );
    expect(text).toMatch(/laptop.*\n.*s1.*14/);
    expect(text).toContain(`coda resolve ${D}/papers --keep both`);
    for (const path of [D, `${D}/papers`, `${D}/papers/new`, `${D}/papers/a/b`]) {
      expect(await laptop.run('coda', ['conflicts', '--exit-code', path])).toMatchObject({
        status: 6,
        stdout: text,
      });
      expect(await laptop.run('coda', ['doctor', '--exit-code', path])).toMatchObject({ status: 6 });
      expect(await laptop.ok('coda', ['pending', path])).toContain(`Create ${D}/papers/new`);
    }
    expect(await laptop.run('coda', ['conflicts', `${D}/nowhere`])).toMatchObject({ status: 1 });
    // The servers know nothing of it, nor does another client.
    expect(await desk.ok('coda', ['conflicts'])).toBe('No conflicts.\n');
    // What is inside is settled with the object.
    expect(await resolve(`${D}/papers/new`, '--keep', 'newest')).toMatchObject({ status: 0 });
    expect(await sameTree()).toMatchObject({ 'd/papers/new': 'theirs, longer' });
  });
});

/** What is behind something that is not settled waits with it where the log is settled from its front. */
const restOf = ({ settlesTogether }: Mode): string => (settlesTogether ? 'mine two' : 'theirs two');

function expectRest({ settlesTogether }: Mode, stdout: string, stderr: string): void {
  if (settlesTogether) expect(stdout).toMatch(/^kept mine: store \S+two\/f\S*\n$/);
  else {
    expect(stdout).toBe('');
    expect(stderr).toContain(`Other objects are ahead of ${D}/two/f in the modify log`);
  }
}

describe.each(modes)('what cannot be settled, at $where', (mode) => {
  beforeEach(() => begin(mode));

  const twoFiles = async (): Promise<void> => {
    for (const dir of ['one', 'two']) {
      await laptop.mkdir(`d/${dir}`);
      await laptop.write(`d/${dir}/f`, 'old');
    }
    for (const client of [laptop, desk]) await client.tree('d');
  };

  it('stays, and does not stop the rest, where the rights were taken away', async () => {
    await twoFiles();
    await laptop.ok('coda', ['realm', 'user', 'add', 'jan'], { input: 'janjan\n' });
    await laptop.ok('cfs', ['setacl', D, 'jan', 'all']);
    for (const dir of ['one', 'two']) await laptop.ok('cfs', ['setacl', `${D}/${dir}`, 'jan', 'all']);
    await laptop.ok('clog', ['jan@test.realm'], { input: 'janjan\n' });
    await laptop.tree('d');
    await both.conflict(
      async (client) => {
        for (const dir of ['one', 'two']) await client.write(`d/${dir}/f`, `mine ${dir}`);
      },
      async (client) => {
        for (const dir of ['one', 'two']) await client.write(`d/${dir}/f`, `theirs ${dir}`);
        await client.ok('cfs', ['setacl', `${D}/one`, 'jan', 'rl']);
      },
    );
    const { status, stdout, stderr } = await resolve('--all', '--keep', 'mine');
    expect(stderr).toMatch(/\/one\/f\S*: conflict: acl check failure/);
    expect(status).toBe(6);
    expectRest(mode, stdout, stderr);
    const rest = mode.settlesTogether ? [] : ['d/two/f store updated'];
    expect(await listed()).toEqual(['d/one/f store denied', ...rest]);
    expect(await desk.tree('d')).toMatchObject({ 'd/one/f': 'theirs one', 'd/two/f': restOf(mode) });
    const { stdout: json } = await resolve('--all', '--keep', 'mine', '--json');
    expect(JSON.parse(json)).toMatchObject({
      settled: [{ mutations: [{ decision: 'skipped', obstacle: { obstruction: 'denied' } }] }],
      failures: [{ path: `${D}/one/f` }, ...(mode.settlesTogether ? [] : [{ path: `${D}/two/f` }])],
    });
  });

  it('is what somebody repairs by hand; the rest is settled', async () => {
    await twoFiles();
    await both.conflict(
      async (client) => {
        for (const dir of ['one', 'two']) await client.write(`d/${dir}/f`, `mine ${dir}`);
      },
      async (client) => {
        for (const dir of ['one', 'two']) await client.write(`d/${dir}/f`, `theirs ${dir}`);
      },
    );
    await laptop.ok('cfs', ['beginrepair', `${D}/one/f`]);
    const { status, stdout, stderr } = await resolve('--all', '--keep', 'mine');
    expect(stderr).toContain(`${D}/one/f is under repair`);
    expect(status).toBe(6);
    expectRest(mode, stdout, stderr);
    expect(await desk.tree('d')).toMatchObject({ 'd/one/f': 'theirs one', 'd/two/f': restOf(mode) });
    expect(await laptop.tree('d/one/f')).toEqual({
      [`d/one/f/${mode.local}`]: 'mine one',
      [`d/one/f/${mode.global}`]: 'theirs one',
    });
    await laptop.ok('cfs', ['endrepair', `${D}/one/f`]);
    expect(await resolve('--all', '--keep', 'mine')).toMatchObject({ status: 0 });
    expect(await sameTree()).toMatchObject({ 'd/one/f': 'mine one', 'd/two/f': 'mine two' });
  });

  it('is the log of another uid', async () => {
    await twoFiles();
    await both.conflict(
      (client) => client.write('d/one/f', 'mine'),
      (client) => client.write('d/one/f', 'theirs'),
    );
    const { status, stderr } = await laptop.run('coda', ['resolve', '--all', '--keep', 'mine'], {
      env: { XDG_STATE_HOME: state, CODA_UID: '4711' },
    });
    expect(stderr).toMatch(/coda resolve: |belongs to uid/);
    expect([4, 7]).toContain(status);
    expect(await listed()).toEqual(['d/one/f store updated']);
  });
});
