import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, TestRealm, passwordOf, until } from './support.ts';

/** Local users: the owner of the log, somebody else, and an administrator. */
const users = { owner: 1001, 'somebody else': 1002, administrator: 1003 } as const;
type Who = keyof typeof users;
const names: Readonly<Record<Who, string>> = { owner: 'jan', 'somebody else': 'anna', administrator: 'root' };

let realm: TestRealm;

const as = (who: Who, tool: string, words: readonly string[], input = '') =>
  realm.run(tool, words, { input, env: { CODA_UID: String(users[who]), CODA_CLIENT: 'venus' } });

async function done(run: Promise<Finished>): Promise<string> {
  const { status, stdout, stderr } = await run;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

async function login(who: Who, ...options: readonly string[]): Promise<void> {
  const name = names[who];
  await done(as(who, 'clog', [...options, `${name}@test.realm`], `${passwordOf(name)}\n`));
}

const put = (name: string, contents = 'unsent\n') => done(as('owner', 'coda', ['put', '-', name], contents));
const link = (verb: 'cut' | 'heal') => done(as('owner', 'coda', ['realm', 'link', verb, 'venus', 's1']));

/** With room for 20 KiB; changes of it wait. */
async function makeSmallVolume(): Promise<void> {
  const create = ['realm', 'volume', 'create', 'small', '--owner', 'jan', '--quota', '20'];
  await done(as('administrator', 'coda', create));
  await done(as('administrator', 'cfs', ['mkm', 'small', 'small']));
  await done(as('administrator', 'cfs', ['sa', 'small', 'jan', 'all']));
  await done(as('owner', 'cfs', ['wd', '-age', '7200', 'small']));
}

async function start(...options: readonly string[]): Promise<void> {
  realm = await TestRealm.start(...options);
  const add = (name: string, ...more: readonly string[]) =>
    done(as('owner', 'coda', ['realm', 'user', 'add', name, ...more], `${passwordOf(name)}\n`));
  await add('root', '--administrator');
  await add('jan');
  await add('anna');
  for (const who of ['owner', 'somebody else', 'administrator'] as const) await login(who);
  await done(as('administrator', 'cfs', ['sa', '.', 'jan', 'all', 'anna', 'all']));
  // Who wants to work while servers are down needs something in his cache.
  await put('before');
}

/** Everything that doctor says of the one log there is, and of the client. */
async function doctor(who: Who = 'owner') {
  const document: unknown = JSON.parse((await as(who, 'coda', ['doctor', '--json'])).stdout);
  return document;
}

/** Waits until the log is stuck for a reason. */
const causeIs = (cause: string) =>
  until(
    async () => (await as('owner', 'coda', ['doctor', '--json'])).stdout.includes(`"cause": "${cause}"`),
    20_000,
  );

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const holding = (text: string): unknown => expect.stringContaining(text);

interface Expected {
  readonly status: number;
  readonly stdout: string | RegExp;
  readonly stderr: string | RegExp;
}

const lines = (...found: readonly string[]) => found.map((line) => `${line}\n`).join('');
const silent: Expected = { status: 0, stdout: '', stderr: '' };
const allUp: Expected = {
  status: 0,
  stdout: lines('Contacting servers .....', 'All servers up'),
  stderr: '',
};
const list: Expected = { status: 0, stdout: /^System:Administrators {2}rlidwka $/m, stderr: '' };
const remaining = (entries: number, status: number, more = '', path = '.', name = '/'): Expected => ({
  status,
  stdout: `${entries} CML entries remaining for volume ${name}\n${more}`,
  stderr: `${path}: ${entries} ${entries === 1 ? 'entry of the modify log is' : 'entries of the modify log are'} not on the servers; to see why: coda doctor ${path}\n`,
});
const volume = (entries: number, state = 'Reachable', conflict = ''): Expected => ({
  status: 0,
  stdout: new RegExp(
    ` Connection State is ${state}\n[^]*${conflict} {2}There are ${entries} CML entries pending for reintegration`,
  ),
  stderr: '',
});

interface Stuck {
  readonly cause: string;
  /** Options of coda up. */
  readonly options?: readonly string[];
  readonly entries: number;
  /** How the log comes to be stuck. */
  readonly stick: () => Promise<void>;
  /** What doctor says to the owner, in a sentence, and which command comes next. */
  readonly why: RegExp;
  readonly next: RegExp;
  readonly status: number;
  /** The commands of the seed scenario. One that gets the log out, or the servers back, comes last. */
  readonly commands: readonly (readonly [words: string, expected: Expected])[];
}

/** Every command of the seed scenario on a log that is stuck, for each cause. */
const table: readonly Stuck[] = [
  {
    cause: 'no-token',
    entries: 2,
    stick: async () => {
      await link('cut');
      await put('file');
      await done(as('owner', 'cunlog', []));
      await link('heal');
    },
    why: /^It waits since its owner, uid 1001 \(jan\), has no token\. With one it goes out by itself\.$/,
    next: /^clog jan@test\.realm$/,
    status: 4,
    commands: [
      ['lv .', volume(2)],
      ['la .', list],
      ['cs', allUp],
      ['fr .', remaining(2, 4)],
      ['wr .', silent],
      ['reconnect', silent],
    ],
  },
  {
    cause: 'token-expired',
    entries: 2,
    stick: async () => {
      await link('cut');
      await put('file');
      await login('owner', '--lifetime', '1');
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await link('heal');
    },
    why: /^It waits since the token of its owner, uid 1001 \(jan\) has expired\./,
    next: /^clog jan@test\.realm$/,
    status: 4,
    commands: [
      ['lv .', volume(2)],
      ['la .', list],
      ['cs', allUp],
      ['fr .', remaining(2, 4)],
      ['wr .', silent],
      ['reconnect', silent],
    ],
  },
  {
    cause: 'unreachable',
    entries: 2,
    stick: async () => {
      await link('cut');
      await put('file');
    },
    why: /^Server s1 cannot be reached\. The changes are safe here, and go out by themselves later\.$/,
    next: /^cfs checkservers$/,
    status: 5,
    commands: [
      ['lv .', volume(2, 'Unreachable')],
      [
        'la .',
        {
          status: 5,
          stdout: '',
          stderr: lines(
            '.: Connection timed out',
            '.: unsent changes of uid 1001 (jan) in the modify log: 2; to see why: coda doctor .',
          ),
        },
      ],
      ['cs', { ...allUp, stdout: lines('Contacting servers .....', 'These servers still down:   s1') }],
      ['fr .', remaining(2, 5)],
      ['wr .', silent],
    ],
  },
  {
    cause: 'write-disconnected',
    entries: 2,
    stick: async () => {
      await done(as('owner', 'cfs', ['wd', '-age', '7200', '.']));
      await put('file');
    },
    why: /^It is write-disconnected: changes wait 2 h 0 min before they go\. The oldest is .* old, and goes by itself in (2 h 0|1 h 5\d) min\.$/,
    next: /^cfs forcereintegrate \/coda\/test\.realm sends them now; cfs writereconnect .* lets each go at once/,
    status: 1,
    commands: [
      ['lv .', volume(2)],
      ['la .', list],
      ['cs', allUp],
      ['reconnect', silent],
    ],
  },
  {
    cause: 'conflict',
    options: ['--clients', 'venus,desk'],
    entries: 3,
    stick: async () => {
      const env = { CODA_CLIENT: 'desk', CODA_UID: String(users.owner) };
      const onDesk = (tool: string, words: readonly string[], input: string) =>
        done(realm.run(tool, words, { env, input }));
      await onDesk('clog', ['jan@test.realm'], 'janjan\n');
      await link('cut');
      await put('before', 'here\n');
      await put('later', 'later\n');
      await onDesk('coda', ['put', '-', 'before'], 'there\n');
      await link('heal');
    },
    why: /^The servers refused: Store \/coda\/test\.realm\/before .*All changes behind it wait\.$/,
    next: /^coda conflicts .* what each side did; then coda resolve --all --keep both/,
    status: 6,
    commands: [
      ['lv .', volume(3, 'Reachable', ' {2}\\*{3} There are pending conflicts in this volume \\*{3}\n')],
      ['la .', list],
      ['cs', allUp],
      ['fr .', remaining(3, 6, 'Reintegration failed due to a conflict\n')],
      ['wr .', silent],
      ['reconnect', silent],
    ],
  },
  {
    cause: 'quota',
    entries: 1,
    stick: async () => {
      await makeSmallVolume();
      for (const name of ['small/one', 'small/two']) await put(name, 'x'.repeat(12 * 1024));
      await as('owner', 'cfs', ['fr', 'small']);
    },
    why: /^The quota of the volume is used up on the server\. It is tried again each minute/,
    next: /^cfs setquota \/coda\/test\.realm\/small BLOCKS/,
    status: 1,
    commands: [
      ['lv small', volume(1)],
      ['la small', list],
      ['cs', allUp],
      ['fr small', remaining(1, 1, '', 'small', 'small')],
      ['wr small', silent],
      ['reconnect', silent],
    ],
  },
  {
    // Nothing can be fetched or stored any more; the reason is still that of the log.
    cause: 'no-token',
    options: ['--cache-size', '1M'],
    entries: 2,
    stick: async () => {
      await link('cut');
      await put('file', 'x'.repeat(1_000_000));
      await done(as('owner', 'cunlog', []));
      await link('heal');
    },
    why: /has no token/,
    next: /^clog jan@test\.realm$/,
    status: 4,
    commands: [
      ['lv .', volume(2)],
      ['la .', list],
      ['cs', allUp],
      ['fr .', remaining(2, 4)],
      ['wr .', silent],
      ['reconnect', silent],
    ],
  },
];

describe.each(table)(
  'a log that is stuck: $cause ($options)',
  ({ cause, options = [], entries, stick, why, next, status, commands }) => {
    beforeAll(async () => {
      await start(...options);
      await stick();
      await causeIs(cause);
    });
    afterAll(() => realm.end());

    it('is explained to its owner in a sentence, with the next command', async () => {
      expect(await doctor()).toMatchObject({
        logs: [{ cause, entries, why: like(why), next: like(next) }],
      });
      expect(await as('owner', 'coda', ['doctor', '--exit-code'])).toMatchObject({ status, stderr: '' });
    });

    it.each(['somebody else', 'administrator'] as const)('%s is told, too, whose it is', async (who) => {
      expect(await doctor(who)).toMatchObject({
        logs: [
          {
            cause,
            findings: [{ cause }, { cause: 'other-owner', why: holding(`you are uid ${users[who]}`) }],
          },
        ],
      });
    });

    for (const who of ['owner', 'somebody else', 'administrator'] as const)
      it.each(commands)(`${who}: cfs %s`, async (words, expected) => {
        const { status: ended, stdout, stderr } = await as(who, 'cfs', words.split(' '));
        expect({ status: ended, stderr }).toEqual({ status: expected.status, stderr: expected.stderr });
        if (typeof expected.stdout === 'string') expect(stdout).toBe(expected.stdout);
        else expect(stdout).toMatch(expected.stdout);
      });
  },
);

describe('what gets a log going', () => {
  afterEach(() => realm.end());

  it.each(['fr .', 'wr .'])('that is write-disconnected: cfs %s, whoever says it', async (words) => {
    await start();
    await done(as('owner', 'cfs', ['wd', '-age', '7200', '.']));
    await put('file');
    await done(as('somebody else', 'cfs', words.split(' ')));
    await done(as('owner', 'coda', ['pending', '--wait']));
    expect(await done(as('owner', 'coda', ['doctor']))).toBe(
      'No problems: all changes are on the servers.\n',
    );
  });

  it('whose servers were cut off: cfs reconnect, whoever says it', async () => {
    await start();
    await done(as('owner', 'cfs', ['disconnect']));
    await put('file');
    await causeIs('unreachable');
    await done(as('somebody else', 'cfs', ['reconnect']));
    await done(as('owner', 'coda', ['pending', '--wait']));
  });

  it('that has more than the quota: a larger one', async () => {
    await start();
    await makeSmallVolume();
    for (const name of ['small/one', 'small/two']) await put(name, 'x'.repeat(12 * 1024));
    await as('owner', 'cfs', ['fr', 'small']);
    await causeIs('quota');
    expect((await as('owner', 'cfs', ['lv', 'small'])).stdout).not.toContain('conflict');
    await as('administrator', 'cfs', ['sq', 'small', '100']);
    await done(as('owner', 'coda', ['pending', '--wait']));
    expect((await done(as('owner', 'coda', ['cat', 'small/two']))).length).toBe(12 * 1024);
  });
});

describe('room', () => {
  afterEach(() => realm.end());

  it('that unsent files take in the cache: it is said how much, and what to do', async () => {
    await start('--cache-size', '1M');
    await link('cut');
    await put('one', 'x'.repeat(600_000));
    const refused = await as('owner', 'coda', ['put', '-', 'two'], 'x'.repeat(600_000));
    expect(refused).toMatchObject({ status: 1, stderr: 'two: No space left on device\n' });
    expect(await doctor()).toMatchObject({
      logs: [{ cause: 'unreachable' }],
      findings: [
        {
          cause: 'cache-full',
          why: like(
            /take 600000 of the 1048576 bytes of the cache, and a file of at least \d+ bytes found no room/,
          ),
          next: holding('cfs forcereintegrate'),
        },
      ],
    });
    await link('heal');
    await done(as('owner', 'coda', ['pending', '--wait']));
    await put('two', 'x'.repeat(600_000));
    expect(await doctor()).toMatchObject({ logs: [], findings: [] });
  });

  it.each(['1', '0M', '12Q', 'M'])('--cache-size %s is refused', async (size) => {
    realm = await TestRealm.start();
    expect(await realm.run('coda', ['up', '--cache-size', size])).toMatchObject({ status: 2 });
  });
});

/** A file system of 16 MiB; none where this process may not mount one. */
function smallDisks(): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'coda-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'coda-test', directory], { stdio: 'ignore' });
    return [directory];
  } catch {
    rmSync(directory, { recursive: true });
    return [];
  }
}

describe.each(smallDisks())('the disk of the cache, %s', (disk) => {
  afterAll(async () => {
    await realm.end();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  it('is full: a store is refused with that reason, and doctor names the disk', async () => {
    const data = join(disk, 'data');
    mkdirSync(data);
    await start('--data', data);
    expect(() => {
      for (let part = 0; part < 64; part++)
        writeFileSync(join(disk, `ballast${part}`), Buffer.alloc(256 * 1024, 1));
    }).toThrow('ENOSPC');
    expect(await as('owner', 'coda', ['put', '-', 'file'], 'x'.repeat(2_000_000))).toMatchObject({
      status: 1,
      stderr: 'file: No space left on device\n',
    });
    expect(await doctor()).toMatchObject({
      findings: [{ cause: 'disk-full', why: holding(data), next: holding('df ') }],
    });
    // Neither its history of events nor its log of faults, which is on that disk, ends venus.
    await sleep(1500);
    expect(await doctor()).toMatchObject({ findings: [{ cause: 'disk-full' }] });
  });
});

describe('venus', () => {
  it('that does not run is said in one sentence, with the command that starts it', async () => {
    realm = await TestRealm.start();
    await realm.down();
    const { status, stdout, stderr } = await realm.run('coda', ['doctor']);
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(stdout).toBe(
      `venus is not running at ${realm.socket}\n  why:  There is no socket ${realm.socket}.\n  next: coda up\n`,
    );
    const { status: json, stdout: document } = await realm.run('coda', ['doctor', '--json']);
    expect(json).toBe(3);
    expect(JSON.parse(document)).toMatchObject({
      logs: [],
      findings: [{ cause: 'venus-not-running', next: 'coda up' }],
    });
    await realm.end();
  });
});
