import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Typing, typeAt } from '../support/typing.ts';
import { TestRealm, bin, until } from './support.ts';

const OBJECT = '/coda/test.realm/conflict';
const laptop = { CODA_CLIENT: 'laptop' };
const desk = { CODA_CLIENT: 'desk' };
// Each test starts many processes.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
let realm: TestRealm;

const ok = (tool: string, words: readonly string[], env: typeof laptop = laptop, input = '') =>
  realm.ok(tool, words, { env, input });
const coda = (env: typeof laptop, words: readonly string[], input = '') => ok('coda', words, env, input);
const link = (...words: readonly string[]) => coda(laptop, ['realm', 'link', ...words]);

const isInConflict = async (name = 'conflict') =>
  /-> @7f/.test(await coda(laptop, ['ls', '-l', '-d', name]).catch(String));

/** Each client reaches one server, and no server reaches another. */
async function part(): Promise<void> {
  for (const [node, server] of [
    ['laptop', 's2'],
    ['laptop', 's3'],
    ['desk', 's1'],
    ['desk', 's3'],
    ['s1', 's2'],
    ['s1', 's3'],
    ['s2', 's3'],
  ] as const)
    await link('cut', node, server);
}

beforeEach(async () => {
  realm = await TestRealm.start('--servers', 's1,s2,s3', '--clients', 'laptop,desk');
  for (const user of ['raiff', 'lily'])
    await coda(laptop, ['realm', 'user', 'add', user, '--administrator'], `${user}${user}\n`);
  await ok('clog', ['raiff@test.realm'], laptop, 'raiffraiff\n');
  await ok('clog', ['lily@test.realm'], desk, 'lilylily\n');
  await coda(laptop, ['mkdir', 'conflict']);
  await ok('cfs', ['sa', 'conflict', 'raiff', 'all', 'lily', 'all']);
  await coda(desk, ['ls', 'conflict']);
});
afterEach(() => realm.end());

/** Two people have made a file by one name, on servers that did not reach each other. */
async function makeNameConflict(): Promise<void> {
  await part();
  await coda(laptop, ['put', '-', 'conflict/example']);
  await coda(desk, ['put', '-', 'conflict/example'], '');
  await link('heal', '--all');
  await until(isInConflict);
}

/** What each server has, seen by a client that reaches no other one. */
async function atEachServer(words: readonly string[]): Promise<readonly string[]> {
  const seen: string[] = [];
  for (const only of ['s1', 's2', 's3']) {
    for (const other of ['s1', 's2', 's3']) if (other !== only) await link('cut', 'desk', other);
    seen.push(await coda(desk, words));
    await link('heal', '--all');
  }
  return seen;
}

function atTerminal(command: string): Typing {
  return typeAt(['/bin/sh', '-c', command], {
    ...realm.env,
    ...laptop,
    NO_COLOR: '1',
    TERM: 'dumb',
    SHELL: '/bin/sh',
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  });
}

async function types(typing: Typing, lines: readonly (readonly [sees: string, types: string])[]) {
  for (const [sees, typed] of lines) await (await typing.sees(sees)).types(`${typed}\r`);
}

const masked = (text: string) =>
  text
    .replace(/[A-Z][a-z]{2} [ \d]\d \d\d:\d\d/g, 'Dec 20 13:10')
    .replace(/Fid: \(0x[0-9a-f]+\.[0-9a-f]+\) VV:\([ \d]+\)\(0x[0-9a-f]+\.[0-9a-f]+\)/g, 'Fid: VV:')
    .replaceAll(join(realm.directory, 'fix'), '/tmp/fix');

describe('repair of a directory whose servers differ', () => {
  it('is the dialogue of the manual, and the version that is kept is on all servers', async () => {
    await makeNameConflict();
    const fix = join(realm.directory, 'fix');
    const typing = atTerminal(`exec repair 2>${join(realm.directory, 'said')}`);
    await types(typing, [
      ['* ', 'begin conflict'],
      ['* ', 'compare'],
      ['[conflict] ', ''],
      ['[] ', fix],
      ['s1/example be removed?  [no] ', 'yes'],
      ['s2/example be removed?  [no] ', ''],
      ['name/name conflicts  [yes] ', ''],
      ['* ', 'do'],
      ['[conflict] ', ''],
      ['] ', ''],
      ['[no] ', 'yes'],
      ['* ', 'quit'],
    ]);
    const { stdout, status } = await typing.ends();
    const [, dialogue = ''] = /\n(\* begin[^]*)$/.exec(stdout) ?? [];
    expect(masked(dialogue)).toBe(`* begin conflict
a server-server-conflict repair session started
use the following commands to repair the conflict:
	comparedirs
	removeinc
	dorepair
* compare
Pathname of Object in conflict? [conflict] 
Pathname of repair file produced?  [] /tmp/fix

-rw-r--r--  1 raiff           0 Dec 20 13:10
-rw-r--r--  1 lily            0 Dec 20 13:10

	Fid: VV:
	Fid: VV:
Should ${OBJECT}/s1/example be removed?  [no] yes
Should ${OBJECT}/s2/example be removed?  [no] 
Do you want to repair the name/name conflicts  [yes] 
Operations to resolve conflicts are in /tmp/fix
* do
Pathname of object in conflict?  [conflict] 
Pathname of fix file? [/tmp/fix] 
OK to repair "conflict" by fixfile "/tmp/fix"?  [no] yes
* quit
`);
    expect(status).toBe(0);
    expect(readFileSync(join(realm.directory, 'said'), 'utf8')).toContain(
      '"example" names different objects',
    );
    expect(await coda(laptop, ['ls', 'conflict'])).toBe('example\n');
    const kept = await atEachServer(['ls', '-l', 'conflict']);
    expect(kept[0]).toMatch(/lily .* example/);
    expect(new Set(kept).size).toBe(1);
  });

  it('shows the replicas to another shell meanwhile, and leaves no trace when it is ended', async () => {
    await makeNameConflict();
    const typing = atTerminal('exec repair');
    await types(typing, [['* ', 'begin conflict']]);
    await typing.sees('dorepair');
    expect(await coda(laptop, ['ls', 'conflict'])).toBe('s1\ns2\ns3\n');
    expect(await coda(laptop, ['ls', 'conflict/s1', 'conflict/s2'])).toMatch(/example[^]*example/);
    await expect(coda(laptop, ['put', '-', 'conflict/s1/new'])).rejects.toThrow('Read-only');
    await typing.types('\u0003');
    await typing.ends();
    expect(await isInConflict()).toBe(true);
  });

  it('can be stopped to look at the replicas in the same shell, and gone on with', async () => {
    await makeNameConflict();
    const shell = typeAt(['/bin/bash', '--norc', '-i'], {
      ...realm.env,
      ...laptop,
      NO_COLOR: '1',
      TERM: 'xterm',
      PS1: 'sh> ',
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    });
    await types(shell, [['sh> ', 'repair']]);
    await types(shell, [['* ', 'begin conflict']]);
    await (await shell.sees('dorepair')).sees('* ');
    await shell.types('\u001a');
    await shell.sees('Stopped');
    await types(shell, [['sh> ', 'coda ls conflict']]);
    await shell.sees('s1\ns2\ns3\n');
    await types(shell, [['sh> ', 'fg']]);
    await types(shell, [['* ', 'quit']]);
    await types(shell, [['sh> ', 'exit']]);
    await shell.ends();
    expect(await isInConflict()).toBe(true);
  });

  it('starts with the servers that are there, and says what remains for the others', async () => {
    await makeNameConflict();
    await coda(laptop, ['realm', 'server', 'stop', 's3']);
    const fix = join(realm.directory, 'fix');
    const script = join(realm.directory, 'script');
    writeFileSync(script, `compare ${fix}\ndo ${fix}\nquit\n`);
    const { stderr } = await realm.run('repair', ['conflict', '--script', script], { env: laptop });
    expect(stderr).toContain('s3');
    expect(existsSync(fix)).toBe(true);
    await coda(laptop, ['realm', 'server', 'start', 's3']);
    // It has missed the repair, and gets all of it.
    await until(async () => !(await isInConflict()));
    const kept = await atEachServer(['ls', '-l', 'conflict']);
    expect(kept[0]).toContain('example');
    expect(new Set(kept).size).toBe(1);
  });
});

describe('repair OBJECT FIXFILE', () => {
  it('keeps everything without a question, and gives all servers the rights that are said', async () => {
    await part();
    await coda(laptop, ['put', '-', 'conflict/example'], 'one');
    await coda(desk, ['put', '-', 'conflict/example'], 'other');
    await ok('cfs', ['sa', 'conflict', 'System:AnyUser', 'rl']);
    await ok('cfs', ['sa', 'conflict', 'System:AnyUser', 'rlk'], desk);
    await link('heal', '--all');
    await until(isInConflict);
    const fix = join(realm.directory, 'fix');
    const usage = await realm.run('repair', ['conflict', '-mode', '755'], { env: laptop });
    expect(usage).toMatchObject({ status: 2 });
    expect(usage.stderr).toContain('-acl, -owner and -mode go with an object and a fix file');
    await ok('repair', ['conflict', fix, '-acl', 'System:AnyUser', 'l', '-mode', '700']);
    const lists = await atEachServer(['stat', 'conflict']);
    expect(new Set(lists).size).toBe(1);
    expect(await ok('cfs', ['la', 'conflict'], desk)).toMatch(/System:AnyUser\s+l\s*\n/);
    const names = (await coda(laptop, ['ls', 'conflict'])).split('\n').filter(Boolean);
    expect(names).toHaveLength(2);
    const kept = await Promise.all(names.map((name) => coda(laptop, ['cat', `conflict/${name}`])));
    expect(kept.sort()).toEqual(['one', 'other']);
  });
});

describe('repair of a file whose servers differ', () => {
  it('takes the version of one server to all of them', async () => {
    await coda(laptop, ['put', '-', 'conflict/paper'], 'old\n');
    await coda(desk, ['cat', 'conflict/paper']);
    await part();
    await coda(laptop, ['put', '-', 'conflict/paper'], 'of laptop\n');
    await coda(desk, ['put', '-', 'conflict/paper'], 'of desk\n');
    await link('heal', '--all');
    await until(() => isInConflict('conflict/paper'));
    const typing = atTerminal('exec repair');
    await types(typing, [
      ['* ', 'begin conflict/paper'],
      ['* ', 'replaceinc s2'],
    ]);
    await types(typing, [['[yes] ', '']]);
    await types(typing, [['* ', 'quit']]);
    await typing.ends();
    expect(await atEachServer(['cat', 'conflict/paper'])).toEqual(['of desk\n', 'of desk\n', 'of desk\n']);
  });
});
