import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeText } from '../../src/ipc/text.ts';
import { TestRealm, bin, until } from './support.ts';

// Each test starts a shell, and each TAB a process.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/** Names that would do something, or be several words, if they were not quoted. */
const names = [
  'blank in it',
  "it's",
  '$(touch touched)',
  'semi;touch touched',
  '"double"',
  'back\\slash',
  '*star',
  '#hash',
  '~tilde',
  '-dash',
  'colon:and=more@here',
  'sequence\x1b[2J\x07',
  'line\nbreak',
  'umlaut\u00e4',
  '&and',
  // The last: bash completes nothing behind a backquote, even an escaped one.
  '`touch touched`',
] as const;

let realm: TestRealm;
let here: (name: string) => string;

beforeAll(async () => {
  realm = await TestRealm.start();
  here = (name) => join(realm.directory, name);
  await realm.addUser('jan', '--administrator');
  await realm.addUser('kate');
  await realm.ok('clog', ['jan@test.realm', '-pipe'], { input: 'janjan\n' });
  await realm.ok('coda', ['realm', 'volume', 'create', 'u.jan', '--owner', 'jan']);
  await realm.ok('coda', [
    'mkdir',
    '/coda/test.realm/names',
    '/coda/test.realm/dir',
    '/coda/test.realm/dir/inner',
  ]);
  await realm.ok('cfs', ['setacl', '/coda/test.realm/dir', 'kate', 'rl']);
  for (const [at, name] of names.entries())
    await realm.ok('coda', ['put', '-', `/coda/test.realm/names/${at}-${name}`], { input: 'x' });
});
afterAll(() => realm.end());

interface TestedShell {
  readonly name: 'bash' | 'zsh' | 'fish';
  readonly start: readonly string[];
  /** Loads completion, and puts something in the place of the tools that keeps the words it gets. */
  readonly setup: string;
}

const tools = ['au', 'cfs', 'clog', 'coda', 'codacon', 'cpasswd', 'ctokens', 'cunlog', 'hoard', 'repair'];
const posixKeeper = (tool: string) =>
  `${tool}() { printf '%s\\0' ${tool} "$@" > words.new; mv words.new words; }`;
const fishKeeper = (tool: string) =>
  `function ${tool}; printf '%s\\0' ${tool} $argv > words.new; mv words.new words; end`;

const shells: readonly TestedShell[] = [
  {
    name: 'bash',
    start: ['bash', '--norc', '--noprofile', '-i'],
    setup: ['source ./script', 'bind "set bell-style none"', ...tools.map(posixKeeper)].join('\n'),
  },
  {
    name: 'zsh',
    start: ['zsh', '-f', '-i'],
    setup: [
      'autoload -Uz compinit',
      'compinit -u -D',
      'unsetopt beep prompt_sp',
      'source ./script',
      ...tools.map(posixKeeper),
    ].join('\n'),
  },
  {
    name: 'fish',
    start: ['fish', '--no-config', '-i'],
    setup: ['set fish_greeting', 'source ./script', ...tools.map(fishKeeper)].join('\n'),
  },
];

/** Found in a directory of functions, as it is installed. */
const installedZsh: TestedShell = {
  name: 'zsh',
  start: ['zsh', '-f', '-i'],
  setup: [
    'mkdir -p functions; cp script functions/_coda; fpath=($PWD/functions $fpath)',
    'autoload -Uz compinit',
    'compinit -u -D',
    'unsetopt beep prompt_sp',
    ...tools.map(posixKeeper),
  ].join('\n'),
};

const isThere = ({ name }: TestedShell) => spawnSync(name, ['--version']).status === 0;

/** A shell at a terminal, with a person who presses TAB. */
class Session {
  readonly #child: ChildProcess;
  #seen = '';

  static async start({ name, start, setup }: TestedShell): Promise<Session> {
    writeFileSync(here('script'), await realm.ok('coda', ['completion', name]));
    writeFileSync(here('setup'), `${setup}\n`);
    const session = new Session(start);
    session.#child.stdin?.write('source ./setup; echo rea""dy\r');
    await until(() => session.#seen.includes('ready\r\n'), 20_000);
    return session;
  }

  private constructor(start: readonly string[]) {
    const env = { ...realm.env, PATH: `${bin}:${realm.env['PATH'] ?? ''}`, TERM: 'xterm', SHELL: '/bin/sh' };
    const command = `stty cols 200 rows 50; exec ${start.join(' ')}`;
    this.#child = spawn('script', ['-q', '-c', command, '/dev/null'], {
      env: { ...env, LC_ALL: 'C.UTF-8' },
      cwd: realm.directory,
    });
    this.#child.stdout?.on('data', (bytes: Buffer) => (this.#seen += bytes.toString()));
    this.#child.stdin?.on('error', () => undefined);
  }

  /** Types a line, with TABs in it, and resolves with the words that its command got. */
  async wordsOf(line: string): Promise<readonly string[]> {
    rmSync(here('words'), { force: true });
    for (const part of line.split(/(?<=\t)/)) {
      this.#child.stdin?.write(part);
      // A shell may take what comes with a TAB for pasted text.
      if (part.endsWith('\t')) await this.#settled();
    }
    this.#child.stdin?.write('\r');
    await until(() => existsSync(here('words')), 20_000).catch(() => {
      throw new Error(`nothing was run: ${JSON.stringify(this.#seen)}`);
    });
    expect(existsSync(here('touched'))).toBe(false);
    return decodeText(readFileSync(here('words')))
      .split('\0')
      .slice(0, -1);
  }

  end(): void {
    this.#child.stdin?.end('\rexit\r');
    this.#child.kill();
  }

  /** Waits until the shell has answered a TAB, and says no more. */
  async #settled(): Promise<void> {
    const before = this.#seen.length;
    await until(() => this.#seen.length > before, 5_000).catch(() => undefined);
    for (let length = -1; length !== this.#seen.length;) {
      length = this.#seen.length;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

for (const shell of shells) {
  const there = isThere(shell);
  describe.skipIf(!there)(`${shell.name}${there ? '' : ' (not installed here)'}`, () => {
    const directory = '/coda/test.realm/names';
    // A list of words for fish has one in each line.
    const isLost = (name: string) => shell.name === 'fish' && name.includes('\n');
    let session: Session;
    beforeAll(async () => {
      session = await Session.start(shell);
    });
    afterAll(() => session.end());

    it('finds the script in order', async () => {
      writeFileSync(here('script'), await realm.ok('coda', ['completion', shell.name]));
      const { status, stderr } = spawnSync(shell.name, ['-n', here('script')], { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    });

    it.each([
      ['subcommands', 'cfs lista\t.', ['cfs', 'listacl', '.']],
      ['commands of several words', 'coda rea\tvol\tdu\tu.j\t', ['coda', 'realm', 'volume', 'dump', 'u.jan']],
      ['options', 'cfs checkpointml --form\tpa\t.', ['cfs', 'checkpointml', '--format', 'pax', '.']],
      [
        'directories, without a blank',
        'cfs la /coda/te\tdir/in\t',
        ['cfs', 'la', '/coda/test.realm/dir/inner/'],
      ],
      [
        'users of an access list',
        'cfs sa /coda/test.realm/dir ka\trlidwk\t',
        ['cfs', 'sa', '/coda/test.realm/dir', 'kate', 'rlidwk'],
      ],
      ['servers', 'cfs checkservers s\t', ['cfs', 'checkservers', 's1']],
      ['users at realms', 'clog ka\t', ['clog', 'kate@test.realm']],
    ])('completes %s', async (_what, line, words) => {
      expect(await session.wordsOf(line)).toEqual(words);
    });

    it('hands on names as they are, whatever is in them', async () => {
      const typed = names.map((_, at) => `${directory}/${at}-\t`);
      const [, , ...paths] = await session.wordsOf(`cfs la ${typed.join(' ')}`);
      const expected = names.map((name, at) => `${directory}/${at}-${isLost(name) ? '' : name}`);
      expect(paths).toEqual(expected);
    });

    it('completes within quotes', async () => {
      const [, , path] = await session.wordsOf(`cfs la '${directory}/0-bl\t`);
      expect(path).toBe(`${directory}/0-blank in it`);
    });
  });
}

describe.skipIf(spawnSync('zsh', ['--version']).status !== 0)('zsh that finds the script by itself', () => {
  it('completes from the first time on', async () => {
    const session = await Session.start(installedZsh);
    expect(await session.wordsOf('cfs lista\t.')).toEqual(['cfs', 'listacl', '.']);
    expect(await session.wordsOf('clog ka\t')).toEqual(['clog', 'kate@test.realm']);
    session.end();
  });
});

describe('coda complete', () => {
  it('is silent, and quick, where there is no venus', async () => {
    const env = { CODA_VENUS: `unix:${here('none.sock')}` };
    const began = Date.now();
    const { status, stdout, stderr } = await realm.run(
      'coda',
      ['complete', 'bash', 'cfs la /coda/', '/coda/'],
      { env },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '\0', stderr: '' });
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it('knows every tool that is built, and is no command for people', async () => {
    const script = await realm.ok('coda', ['completion', 'bash']);
    const found = /^complete -F _coda_toolkit (.*)$/m.exec(script)?.[1]?.split(' ') ?? [];
    expect(found).toEqual(expect.arrayContaining(tools));
    expect(await realm.ok('coda', ['--help'])).not.toMatch(/^ {2}complete /m);
  });
});
