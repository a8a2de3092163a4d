import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { listed, repairDialogue, typedLines } from '../support/repairDialogue.ts';
import { type Typing, typeAt } from '../support/typing.ts';
import { TestRealm, bin } from './support.ts';

const OBJECT = '/coda/test.realm/cscw';
const laptop = { CODA_CLIENT: 'laptop' };
const desk = { CODA_CLIENT: 'desk' };
// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
let realm: TestRealm;

const coda = (env: typeof laptop, words: readonly string[], input = ''): Promise<string> =>
  realm.ok('coda', words, { env, input });

/** A paper written here, and figures that a co-author made meanwhile where they were made here too. */
async function makeConflict(...options: readonly string[]): Promise<void> {
  realm = await TestRealm.start('--clients', 'laptop,desk', ...options);
  await realm.ok('coda', ['realm', 'user', 'add', 'luqi', '--administrator'], {
    env: laptop,
    input: 'luqiluqi\n',
  });
  for (const env of [laptop, desk]) await realm.ok('clog', ['luqi@test.realm'], { env, input: 'luqiluqi\n' });
  await coda(laptop, ['mkdir', 'cscw']);
  await coda(laptop, ['put', '-', 'cscw/paper.tex'], 'old\n');
  await coda(laptop, ['realm', 'link', 'cut', 'laptop', 's1']);
  await coda(laptop, ['mkdir', 'cscw/figs']);
  await coda(laptop, ['put', '-', 'cscw/paper.tex'], 'x'.repeat(19603));
  await coda(desk, ['mkdir', 'cscw/figs']);
  await coda(desk, ['put', '-', 'cscw/figs/one.eps'], 'one');
  await coda(laptop, ['realm', 'link', 'heal', 'laptop', 's1']);
  await expect
    .poll(() => coda(laptop, ['ls', '-l', '-d', 'cscw']).catch(String), { timeout: 20_000 })
    .toMatch(/cscw -> @/);
}
afterEach(() => realm.end());

/** Names and contents below the object, as a client has them. */
async function treeOf(env: typeof laptop, below = 'cscw'): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const line of (await coda(env, ['ls', '-l', below])).trimEnd().split('\n')) {
    const name = line.split(' ').at(-1) ?? '';
    const path = `${below}/${name}`;
    if (line.startsWith('d')) Object.assign(tree, { [path]: 'directory' }, await treeOf(env, path));
    else if (name !== '') tree[path] = await coda(env, ['cat', path]);
  }
  return tree;
}

const bothTrees = async (): Promise<Record<string, string>> => {
  const [mine, theirs] = [await treeOf(laptop), await treeOf(desk)];
  expect(mine).toEqual(theirs);
  return mine;
};

function atTerminal(...words: readonly string[]): Typing {
  return typeAt([join(bin, 'repair'), ...words], {
    ...realm.env,
    ...laptop,
    NO_COLOR: '1',
    TERM: 'dumb',
    SHELL: '/bin/sh',
  });
}

async function types(
  typing: Typing,
  lines: readonly (readonly [sees: string, types: string])[],
): Promise<void> {
  for (const [sees, typed] of lines) await (await typing.sees(sees)).types(`${typed}\r`);
}

const decided = [
  ['* ', 'begin'],
  ['in conflict?  [] ', OBJECT],
  ['* ', 'checklocal'],
  ['* ', 'discardlocal'],
] as const;

const DATE = 'Dec 20 00:51';

const isLink = async (): Promise<void> =>
  expect(await coda(laptop, ['ls', '-l', '-d', 'cscw'])).toMatch(/cscw -> @/);

describe.each([
  { where: 'the embedded venus', options: [], isReal: false },
  { where: 'a real Coda', options: ['--real-conflicts'], isReal: true },
])('repair of a conflict that two clients made, at $where', ({ options, isReal }) => {
  beforeEach(() => makeConflict(...options));

  it('is the dialogue that people know', async () => {
    const typing = atTerminal();
    await types(typing, typedLines(OBJECT));
    const { stdout, status } = await typing.ends();
    const [, dialogue = ''] = /\n(\* begin[^]*)$/.exec(stdout) ?? [];
    const replicas = isReal ? ['_localcache', 's1'] : ['global', 'local'];
    expect(dialogue.replace(/[A-Z][a-z]{2} [ \d]\d \d\d:\d\d/g, DATE)).toBe(
      repairDialogue(OBJECT, listed(DATE, ...replicas)),
    );
    expect(status).toBe(0);
    expect(await bothTrees()).toEqual({
      'cscw/figs': 'directory',
      'cscw/figs/one.eps': 'one',
      'cscw/paper.tex': 'x'.repeat(19603),
    });
  });

  it('leaves all as it was after ^C and at the end of the input', async () => {
    for (const [key, expected] of [
      ['\u0003', 130],
      ['\u0004', 6],
    ] as const) {
      const typing = atTerminal();
      await types(typing, decided);
      await (await typing.sees('discard local mutation')).sees('* ');
      await typing.types(key);
      expect(await typing.ends()).toMatchObject({ status: expected });
      await isLink();
    }
    const { stdout } = await realm.run('repair', [OBJECT, '--list', '--json'], { env: laptop });
    const listed = v.parse(
      v.object({ mutations: v.array(v.unknown()), listing: v.exactOptional(v.string()) }),
      JSON.parse(stdout),
    );
    expect(listed.mutations).toMatchObject([
      { op: 'mkdir', verdict: { obstruction: 'exists' } },
      { op: 'store', verdict: { kind: 'no conflict' } },
    ]);
    // Where a real venus writes it is not told.
    if (listed.listing === undefined) expect(isReal).toBe(true);
    else expect(readFileSync(listed.listing, 'utf8')).toContain(`Mkdir \t${OBJECT}/figs\n`);
  });

  it.each(['mine', 'server', 'both'])('keeps %s without a question', async (keep) => {
    expect(await realm.run('repair', [OBJECT, '--keep', keep], { env: laptop })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const tree = await bothTrees();
    expect(tree['cscw/figs/one.eps']).toBe('one');
    // Nothing is in the way of the paper, whichever figures are kept.
    expect(tree['cscw/paper.tex']).toBe('x'.repeat(19603));
  });

  it('keeps both versions of a file that both changed', async () => {
    expect(await realm.run('repair', [OBJECT, '--keep', 'mine'], { env: laptop })).toMatchObject({
      status: 0,
    });
    // Both have it cached.
    await bothTrees();
    await coda(laptop, ['realm', 'link', 'cut', 'laptop', 's1']);
    await coda(laptop, ['put', '-', 'cscw/paper.tex'], 'mine');
    await coda(desk, ['put', '-', 'cscw/paper.tex'], 'theirs');
    await coda(laptop, ['realm', 'link', 'heal', 'laptop', 's1']);
    await expect
      .poll(() => coda(laptop, ['ls', '-l', 'cscw']).catch(String), { timeout: 20_000 })
      .toMatch(/paper\.tex -> @/);
    const file = `${OBJECT}/paper.tex`;
    expect(await realm.run('repair', [file, '--keep', 'both'], { env: laptop })).toMatchObject({ status: 0 });
    const tree = await bothTrees();
    expect(tree['cscw/paper.tex']).toBe('theirs');
    const beside = Object.keys(tree).filter((name) => /^cscw\/paper\.laptop\.[\d-]{10}\.tex$/.test(name));
    expect(beside.map((name) => tree[name])).toEqual(['mine']);
  });

  it('stops where the servers have something newer, and names it', async () => {
    const typing = atTerminal();
    await types(typing, [...decided, ['* ', 'preservelocal']]);
    await (await typing.sees('succeeded')).sees('* ');
    await coda(desk, ['put', '-', 'cscw/paper.tex'], 'theirs\n');
    await typing.types('quit\r');
    await types(typing, [['[yes] ', '']]);
    await typing.sees(isReal ? 'only a part was committed' : 'nothing was committed');
    await typing.sees(`local mutation: store ${OBJECT}/local/paper.tex`);
    await (await typing.sees(`target ${OBJECT}/global/paper.tex updated on servers`)).sees('* ');
    expect(await coda(desk, ['cat', 'cscw/paper.tex'])).toBe('theirs\n');
    await typing.types('\u0003');
    expect(await typing.ends()).toMatchObject({ status: 130 });
    const finished = await realm.run('coda', ['resolve', '--all', '--keep', 'both'], { env: laptop });
    expect(finished).toMatchObject({ status: 0 });
    const tree = await bothTrees();
    expect(tree['cscw/paper.tex']).toBe('theirs\n');
    expect(Object.values(tree)).toContain('x'.repeat(19603));
  });

  it('refuses what is not in conflict', async () => {
    await coda(laptop, ['mkdir', 'other']);
    const words = ['/coda/test.realm/other', '--keep', 'mine'];
    const finished = await realm.run('repair', words, { env: laptop });
    expect(finished.status).toBe(1);
    expect(finished.stderr).toMatch(/^repair: /);
  });
});

describe('a repair session that the embedded venus keeps', () => {
  beforeEach(() => makeConflict());

  it('says how to go on when venus is killed, and goes on when it is there again', async () => {
    const typing = atTerminal();
    await types(typing, decided);
    await (await typing.sees('discard local mutation')).sees('* ');
    process.kill(realm.pid, 'SIGKILL');
    await typing.types('checklocal\r');
    const { stdout, status } = await typing.ends();
    expect(stdout).toContain(`${OBJECT} could not be collapsed: `);
    expect(stdout).toContain(
      `Go on with the session: repair ${OBJECT}. Or leave it: cfs endrepair ${OBJECT}`,
    );
    expect(status).toBe(3);

    await realm.up('--clients', 'laptop,desk');
    const next = atTerminal(OBJECT);
    await types(next, [
      ['with 1 of 2 local mutations processed\ngo on with it?  [yes] ', ''],
      ['* ', 'preserveall'],
      ['all local mutations processed', 'quit'],
      ['[yes] ', ''],
    ]);
    expect(await next.ends()).toMatchObject({ status: 0 });
    expect((await bothTrees())['cscw/paper.tex']).toHaveLength(19603);
  });

  it('carries what another program put below global, and refuses to write below local', async () => {
    const typing = atTerminal(OBJECT);
    await (await typing.sees('spool directory')).sees('* ');
    expect(await realm.run('coda', ['put', '-', 'cscw/local/x'], { env: laptop, input: 'x' })).toMatchObject({
      status: 1,
    });
    await coda(laptop, ['put', '-', 'cscw/global/merged'], 'of both\n');
    await typing.types('discardall\r');
    await types(typing, [
      ['all local mutations processed', 'quit'],
      ['[yes] ', ''],
    ]);
    expect(await typing.ends()).toMatchObject({ status: 0 });
    expect(await bothTrees()).toEqual({
      'cscw/figs': 'directory',
      'cscw/figs/one.eps': 'one',
      'cscw/merged': 'of both\n',
      'cscw/paper.tex': 'old\n',
    });
  });
});

describe('a repair at a venus that shows conflicts as a real Coda', () => {
  beforeEach(() => makeConflict('--real-conflicts'));

  it('shows the versions read-only, by their servers', async () => {
    const env = laptop;
    await realm.ok('cfs', ['beginrepair', OBJECT], { env });
    expect(await coda(env, ['cat', 'cscw/_localcache/paper.tex'])).toHaveLength(19603);
    expect(await coda(env, ['cat', 'cscw/s1/paper.tex'])).toBe('old\n');
    for (const place of ['_localcache', 's1'])
      expect(await realm.run('coda', ['put', '-', `cscw/${place}/x`], { env, input: 'x' })).toMatchObject({
        status: 1,
      });
    await realm.ok('cfs', ['endrepair', OBJECT], { env });
    await isLink();
  });

  it('begins anew when venus was killed before the commit', async () => {
    const typing = atTerminal();
    await types(typing, decided);
    await (await typing.sees('discard local mutation')).sees('* ');
    process.kill(realm.pid, 'SIGKILL');
    await typing.types('checklocal\r');
    expect(await typing.ends()).toMatchObject({ status: 3 });

    await realm.up('--clients', 'laptop,desk', '--real-conflicts');
    const next = atTerminal(OBJECT);
    await types(next, [
      ['with 0 of 2 local mutations processed\ngo on with it?  [yes] ', ''],
      ['* ', 'discardlocal'],
      ['* ', 'preserveall'],
      ['all local mutations processed', 'quit'],
      ['[yes] ', ''],
    ]);
    expect(await next.ends()).toMatchObject({ status: 0 });
    expect((await bothTrees())['cscw/paper.tex']).toHaveLength(19603);
  });
});
