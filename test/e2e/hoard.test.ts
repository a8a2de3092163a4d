import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cacheExplanationSchema, hoardPlanSchema } from '../../src/ipc/hoard.ts';
import { runOnTerminal } from './terminal.ts';
import { type Client, TOP, TwoClients } from './twoClients.ts';
import type { Finished } from './support.ts';

const HERE = `/coda${TOP}`;

let place: TwoClients;
/** Whose cache is looked at, and who makes files somewhere else. */
let laptop: Client;
let desk: Client;
let directory: string;

beforeAll(async () => {
  place = await TwoClients.start('--cache-size', '1M');
  ({ laptop, desk } = place);
  directory = place.realm.directory;
  await desk.mkdir('src');
  await desk.mkdir('src/deep');
  await desk.mkdir('other');
  for (const name of ['src/a', 'src/b', 'src/b.o', 'src/deep/c', 'src/deep/c.o', 'other/x'])
    await desk.write(name, `contents of ${name}`);
  await desk.ok('coda', ['ln', '-s', 'src/a', `${HERE}/link`]);
}, 120_000);

afterEach(async () => {
  await laptop.heal();
  await laptop.ok('hoard', ['clear']);
});
afterAll(() => place.end());

function hoard(...words: readonly string[]): Promise<Finished> {
  return laptop.run('hoard', words);
}

/** The hoard database, without volumes and uids, in the order of its lines. */
async function listed(): Promise<readonly string[]> {
  const lines = (await laptop.ok('hoard', ['list'])).trimEnd().split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => line.replace(/^<[^,]*, (.*)>, \d+, /, '$1 '))
    .sort();
}

function fileOf(lines: readonly string[]): string {
  const file = join(directory, 'hoardrc');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

/** A text in a result that is compared as a whole. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const containing = (part: string): unknown => expect.stringContaining(part);

/** Whether what is behind a path can be read while no server is there. */
async function canRead(path: string): Promise<boolean> {
  const [tool, ...words] = (await laptop.run('coda', ['stat', '--json', path])).stdout.includes('"directory"')
    ? ['coda', 'ls', path]
    : ['coda', 'cat', path];
  return (await laptop.run(tool, words)).status === 0;
}

const documentOf = <T>(schema: v.GenericSchema<unknown, T>, { stdout }: Finished): T =>
  v.parse(schema, JSON.parse(stdout));

describe('entries', () => {
  test('are added, listed in the classic form, changed where they are, and deleted', async () => {
    expect(await hoard('add', `${HERE}/src`, '700:d+')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect((await hoard('list')).stdout).toMatch(/^<7f000000@test\.realm, \.\/src>, \d+, 700:d\+\n$/);
    await laptop.ok('hoard', ['modify', `${HERE}/src`, '300']);
    expect(await listed()).toEqual(['./src 300:d+']);
    await laptop.ok('hoard', ['modify', `${HERE}/src`, 'c+']);
    expect(await listed()).toEqual(['./src 300:c+']);
    await laptop.ok('hoard', ['modify', `${HERE}/src`, 'plain:5']);
    expect(await listed()).toEqual(['./src 5']);
    await laptop.ok('hoard', ['d', `${HERE}/src`]);
    expect(await listed()).toEqual([]);
    expect(await hoard('delete', `${HERE}/src`)).toMatchObject({
      status: 1,
      stderr: matching(/^pioctl:Delete\(7f000000@test\.realm, \.\/src, \d+\): No such file or directory\n/),
    });
    expect(await hoard('modify', `${HERE}/src`, '5')).toMatchObject({ status: 1 });
  }, 60_000);

  test('of a link are the link and what it leads to, and go together', async () => {
    await laptop.ok('hoard', ['add', `${HERE}/link`, '9']);
    expect(await listed()).toEqual(['./link 9', './src/a 9']);
    await laptop.ok('hoard', ['delete', `${HERE}/link`]);
    expect(await listed()).toEqual([]);
  }, 60_000);

  test('with c and d are one for each member that is there, without what is excluded', async () => {
    await laptop.ok('hoard', ['add', `${HERE}/src`, '8:c']);
    expect(await listed()).toEqual(['./src 8', './src/a 8', './src/b 8', './src/b.o 8', './src/deep 8']);
    await laptop.ok('hoard', ['clear']);
    await laptop.ok('hoard', ['add', `${HERE}/src`, 'd', '--exclude', '*.o']);
    expect(await listed()).toEqual([
      './src 10',
      './src/a 10',
      './src/b 10',
      './src/deep 10',
      './src/deep/c 10',
    ]);
  }, 60_000);

  test('keep what they leave out', async () => {
    await laptop.ok('hoard', ['add', `${HERE}/src`, '700:d+', '--exclude', '*.o', '--exclude', 'deep/']);
    await laptop.ok('hoard', ['modify', `${HERE}/src`, '600']);
    const { entries } = documentOf(
      v.object({ entries: v.array(v.looseObject({ priority: v.number(), exclude: v.array(v.string()) })) }),
      await hoard('list', '--json'),
    );
    expect(entries).toMatchObject([{ priority: 600, exclude: ['*.o', 'deep/'], path: `${HERE}/src` }]);
  }, 60_000);

  test('go into a file, if one is named', async () => {
    await laptop.ok('hoard', ['add', `${HERE}/src`]);
    const file = join(directory, 'listing');
    expect(await hoard('list', file)).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(file, 'utf8')).toMatch(/, \.\/src>, \d+, 10\n$/);
    expect(await hoard('list', '/nowhere/listing')).toMatchObject({
      status: 1,
      stderr: 'RenameOutFile: open(/nowhere/listing) failed(No such file or directory)\n',
    });
  }, 60_000);
});

describe('a hoard file', () => {
  test('with bad lines is told of, line by line, and nothing of it is done unless that is asked for', async () => {
    const file = fileOf([`add ${HERE}/src 5`, 'add', `add ${HERE}/other 0`, '# fine', `add ${HERE}/other`]);
    const refused = await hoard('-f', file);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain(`parse error: add\n  ${file}:2:4: the path is missing`);
    expect(refused.stderr).toContain(`priority out of range (1 - 1000): add ${HERE}/other 0\n  ${file}:3:`);
    expect(refused.stderr).toContain('2 bad lines, nothing was done');
    expect(await listed()).toEqual([]);
    expect((await hoard('-f', file, '--keep-going')).status).toBe(1);
    expect(await listed()).toEqual(['./other 10', './src 5']);
  }, 60_000);

  test('is done in its order, from a file or from stdin', async () => {
    const lines = [
      `add ${HERE}/src 5`,
      'list',
      'clear',
      `add ${HERE}/other`,
      `add ${HERE}/src`,
      `delete ${HERE}/src`,
    ];
    const done = await hoard('-f', fileOf(lines));
    expect(done).toMatchObject({
      status: 0,
      stdout: matching(/^<.*\.\/src>, \d+, 5\n$/),
    });
    expect(await listed()).toEqual(['./other 10']);
    for (const words of [['-'], ['-f', '-']]) await laptop.ok('hoard', words, { input: 'clear\n' });
    expect(await listed()).toEqual([]);
  }, 60_000);

  test('of many entries is added in one go', async () => {
    const lines = Array.from({ length: 150 }, (_, at) => `add ${HERE}/src/new${at} ${at + 1}`);
    const { status, stdout } = await hoard('-f', fileOf(lines), '--json');
    expect([status, JSON.parse(stdout)]).toEqual([0, { added: 150, failures: [] }]);
    expect(await listed()).toHaveLength(150);
  }, 60_000);
});

test('a command in one word, a word that is none, and none at all', async () => {
  expect((await hoard(`add ${HERE}/src 5`)).status).toBe(0);
  expect(await listed()).toEqual(['./src 5']);
  expect(await hoard('frob')).toMatchObject({
    status: 2,
    stderr: containing('parse error: frob'),
  });
  expect((await hoard()).status).toBe(2);
  expect((await laptop.run('hoard', ['frob'], { env: { CODA_CLASSIC: '1' } })).status).toBe(0);
}, 60_000);

test('at a terminal there is a prompt', async () => {
  const env = { ...place.realm.env, ...laptop.env };
  const { stdout, status } = await runOnTerminal(
    { env },
    ['hoard'],
    [
      { to: 'hoard> ', type: `add ${HERE}/src 77:d+\r` },
      { to: 'hoard> ', type: 'list\r' },
      { to: '77:d+', type: 'nonsense\r' },
      { to: 'is no command', type: 'quit\r' },
    ],
  );
  expect(stdout).toMatch(/\.\/src>, \d+, 77:d\+/);
  expect(status).toBe(1);
  expect(await listed()).toEqual(['./src 77:d+']);
}, 60_000);

describe('a plan', () => {
  test('tells what a file would take, by priority, and what would find no room; nothing is done', async () => {
    await desk.write('other/large', 'x'.repeat(700_000));
    await desk.write('other/larger', 'x'.repeat(600_000));
    const file = fileOf([`add ${HERE}/src 700:d+`, `add ${HERE}/other 100:d+`]);
    const finished = await hoard('plan', file, '--json');
    expect(finished.status).toBe(1);
    const { priorities, unfit, capacity } = documentOf(hoardPlanSchema, finished);
    expect(priorities.map(({ priority }) => priority)).toEqual([700, 100]);
    // Two directories, five files, and the root on the way.
    expect(priorities[0]).toMatchObject({ entries: 1, objects: 8 });
    expect(capacity.bytes).toBe(1024 * 1024);
    // A walk stops at the first that finds no room; which of the two that is, it decides.
    expect(unfit.first.some(({ path }) => path.startsWith(`${HERE}/other/large`))).toBe(true);
    expect((await hoard('plan', file)).stdout).toContain('Would find no room: ');
    expect(await listed()).toEqual([]);
    expect((await hoard('plan', file, '--exclude', 'larg*')).status).toBe(0);
  }, 60_000);

  afterAll(async () => {
    for (const name of ['other/large', 'other/larger']) await desk.remove(name);
  });
});

test('explain tells each term of a priority, and what hoards it', async () => {
  await laptop.ok('hoard', ['add', `${HERE}/src`, '700:d+']);
  await hoard('walk');
  const { objects } = documentOf(
    v.object({ objects: v.array(cacheExplanationSchema) }),
    await hoard('explain', `${HERE}/src/a`, '--json'),
  );
  const [found] = objects;
  expect(found).toMatchObject({
    isCached: true,
    hoard: { priority: 700 },
    weights: { hoard: 75, recency: 25 },
  });
  expect(found?.total).toBe(75 * 700 + 25 * (found?.recency.priority ?? 0));
  expect((await hoard('explain', `${HERE}/src/a`)).stdout).toContain(`as a member of ${HERE}/src, at 700`);
  expect((await hoard('explain', `${HERE}/nowhere`)).status).toBe(1);
}, 60_000);

describe('ready to go?', () => {
  test('yes: every hoarded path can be read without servers', async () => {
    await laptop.ok('hoard', ['add', `${HERE}/src`, '700:d+']);
    const walked = await hoard('walk', '--json');
    expect(walked.status).toBe(0);
    expect(JSON.parse(walked.stdout)).toMatchObject({ walk: { result: 'done' }, isReady: true, objects: [] });
    expect(await hoard('verify')).toMatchObject({ status: 0, stdout: '' });
    expect(await laptop.run('coda', ['offline'])).toMatchObject({
      status: 0,
      stdout: matching(/^Ready to go: yes/),
    });
    await laptop.cut();
    for (const path of ['', '/a', '/b', '/b.o', '/deep', '/deep/c', '/deep/c.o'])
      expect(await canRead(`${HERE}/src${path}`), path).toBe(true);
    expect((await laptop.run('coda', ['offline'])).status).toBe(0);
  }, 60_000);

  test('no: exactly what is named cannot be read', async () => {
    await laptop.ok('hoard', ['add', `${HERE}/src`, '700:d+']);
    await laptop.ok('hoard', ['add', `${HERE}/src/nowhere`, '700']);
    await laptop.ok('hoard', ['walk']).catch(() => undefined);
    // Without a server there is no walk that could bring what is hoarded from now on.
    await desk.write('src/deep/late', 'late');
    await desk.mkdir('src/more');
    await desk.write('src/more/file', 'file');
    await laptop.ok('hoard', ['add', `${HERE}/src/more`, '700:d+']);
    await laptop.ok('hoard', ['add', `${HERE}/src/deep/late`, '700']);
    const answer = await laptop.run('coda', ['offline', '--json']);
    expect(answer.status).toBe(1);
    const { hoarded } = documentOf(
      v.object({
        hoarded: v.object({ problems: v.array(v.object({ path: v.string(), state: v.string() })) }),
      }),
      answer,
    );
    const missing = hoarded.problems.filter(({ state }) => state === 'missing').map(({ path }) => path);
    expect(missing).toContain(`${HERE}/src/nowhere`);
    await laptop.cut();
    for (const path of missing) expect(await canRead(path), path).toBe(false);
    for (const path of ['', '/a', '/b', '/deep', '/deep/c'])
      expect(await canRead(`${HERE}/src${path}`), path).toBe(!missing.includes(`${HERE}/src${path}`));
    const verified = await hoard('verify');
    expect(verified.status).toBe(1);
    for (const path of missing) expect(verified.stdout).toContain(path);
  }, 90_000);

  test('no, since somebody has changed a file: it is stale or missing, by name, until it is fetched again', async () => {
    await laptop.ok('hoard', ['add', `${HERE}/src/a`, '700']);
    await laptop.ok('hoard', ['walk']);
    await desk.write('src/a', 'newer');
    const said = await laptop.run('coda', ['offline']);
    expect(said.status).toBe(1);
    expect(said.stdout).toContain(`${HERE}/src/a: `);
    expect((await hoard('walk')).status).toBe(0);
    expect((await laptop.run('coda', ['offline'])).status).toBe(0);
    await laptop.cut();
    expect(await laptop.read('src/a')).toBe('newer');
  }, 60_000);

  test('--prepare sends what is not sent, and walks', async () => {
    await laptop.ok('cfs', ['wd', '-age', '10000', HERE]);
    await laptop.write('mine', 'mine');
    await laptop.ok('hoard', ['add', `${HERE}/other`, '700:d+']);
    expect((await laptop.run('coda', ['offline'])).status).toBe(1);
    const prepared = await laptop.run('coda', ['offline', '--prepare']);
    expect(prepared).toMatchObject({
      status: 0,
      stdout: containing('nothing: all changes are on'),
    });
    expect(await desk.read('mine')).toBe('mine');
    await laptop.ok('cfs', ['strong']);
    await laptop.cut();
    expect(await laptop.read('other/x')).toBe('contents of other/x');
  }, 60_000);

  test('--prepare asks for the password, if the token ends soon', async () => {
    const ends = async () => {
      const { tokens } = documentOf(
        v.object({ tokens: v.array(v.object({ expires: v.string() })) }),
        await laptop.run('coda', ['offline', '--json']),
      );
      return Date.parse(tokens[0]?.expires ?? '');
    };
    await laptop.ok('clog', ['--lifetime', '1h', 'luqi@test.realm'], { input: 'luqiluqi\n' });
    const before = await ends();
    const told = await laptop.run('coda', ['offline', '--prepare']);
    expect(told).toMatchObject({ status: 0, stderr: containing('log in again with clog') });
    expect(await ends()).toBe(before);
    const env = { ...place.realm.env, ...laptop.env };
    const answers = [{ to: 'Password of luqi@test.realm:', type: 'luqiluqi\r' }];
    expect((await runOnTerminal({ env }, ['coda', 'offline', '--prepare'], answers)).status).toBe(0);
    expect(await ends()).toBeGreaterThan(before + 12 * 3600 * 1000);
  }, 60_000);

  test('on a venus that tells nothing of it: unknown, in words', async () => {
    const mounted = await laptop.run('coda', ['offline', '--venus', 'mount:/nowhere']);
    expect(mounted).toMatchObject({ status: 1, stdout: matching(/^Ready to go: unknown/) });
    expect(mounted.stdout).toContain('hoarded    unknown: the venus of a mounted Coda does not tell');
    const words = ['plan', fileOf([]), '--venus', 'mount:/nowhere'];
    expect(await hoard(...words)).toMatchObject({ status: 1, stderr: containing('only the embedded venus') });
  }, 60_000);
});
