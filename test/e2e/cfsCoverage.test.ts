import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cfs } from '../../src/commands/cfs.ts';
import { type Finished, type RunOptions, until } from './support.ts';
import { TwoClients } from './twoClients.ts';

/** One run of a subcommand, and how it has to end. */
interface Run extends RunOptions {
  readonly words: readonly string[];
  readonly stdout: string | RegExp;
  /** Nothing if absent. */
  readonly stderr?: string | RegExp;
  readonly status: number;
  /** What has to be so before. */
  readonly first?: () => Promise<unknown>;
}

/** A subcommand with what it is for, and with what most often goes wrong. */
interface Row {
  readonly name: string;
  readonly success: Run;
  readonly failure: Run;
}

let both: TwoClients;
let compliant: Server;

const V = '/coda/test.realm/v';
/** A local user without a token. */
const NOBODY = { CODA_UID: '77' };
const NO_VENUS = { CODA_VENUS: 'unix:/nowhere/venus.sock' };
const directory = () => both.realm.directory;
/** A venus that says yes to everything: what a real one does about resolvers, and the embedded one does not. */
const yesVenus = () => ({ CODA_VENUS: `unix:${join(directory(), 'yes.sock')}` });

beforeAll(async () => {
  both = await TwoClients.start('--servers', 's1,s2,s3');
  const { laptop, realm } = both;
  await laptop.ok('coda', ['realm', 'volume', 'create', 'vol']);
  await laptop.ok('coda', ['realm', 'volume', 'create', 'solo', '--servers', 's1']);
  await laptop.ok('cfs', ['mkmount', 'v', 'vol']);
  await laptop.ok('cfs', ['mkmount', 'one', 'solo']);
  await laptop.ok('cfs', ['strong']);
  await laptop.mkdir('v/d');
  for (const path of ['v/d/f', 'v/d/same', 'v/c1', 'v/c2', 'one/f']) await laptop.write(path, 'contents');
  await mkdir(join(realm.directory, 'place'));
  await writeFile(join(realm.directory, 'place', 'copy'), 'contents');
  compliant = createServer((socket) => socket.on('data', () => socket.write('0\n0\n\0')));
  await new Promise<void>((resolve) => compliant.listen(join(realm.directory, 'yes.sock'), resolve));
}, 60_000);
afterAll(async () => {
  compliant.close();
  await both.end();
});

function ran(words: readonly string[], stdout: string | RegExp = '', more: Partial<Run> = {}): Run {
  return { words, stdout, status: 0, ...more };
}

function failed(words: readonly string[], stderr: string | RegExp, status = 1, more: Partial<Run> = {}): Run {
  return { words, stdout: '', stderr, status, ...more };
}

function misused(words: readonly string[]): Run {
  return { words, stdout: /^Usage: cfs /, status: 2 };
}

const noVenus = (words: readonly string[]) => failed(words, /no such|cannot|not/i, 3, { env: NO_VENUS });
const DANGER = (reason: string) => `\tDANGER:   ${reason}\n\tDo you really want to do this? [n] `;
const DARED = '\tFools rush in where angels fear to tread ........\n';
const NOT_DARED = '\tDiscretion is the better part of valor!\n';

const dis = () => both.laptop.ok('cfs', ['disconnect']);
const re = () => both.laptop.ok('cfs', ['reconnect']);
/** Changes of the volume wait for an hour. */
const hold = () => both.laptop.ok('cfs', ['wd', '-age', '3600', 'v']);
const unsent = (name: string) => async () => {
  await hold();
  await both.laptop.write(`v/${name}`, 'unsent');
};
const send = () => both.laptop.ok('cfs', ['fr', 'v']);

/** In this order: some find what those before have left. */
const rows: readonly Row[] = [
  { name: 'cpuname', success: ran(['cpuname'], /^\w+\n$/), failure: misused(['cpuname', '--no-such']) },
  { name: 'sysname', success: ran(['@sys'], /^\w+_linux\n$/), failure: misused(['sysname', '--no-such']) },
  {
    name: 'help',
    success: ran(['help', 'fl'], 'Usage: cfs flushobject <obj>  [<obj> <obj> ...]\n'),
    failure: ran(['help', 'nosuch'], 'Bogus opcode: type "cfs help" for list\n'),
  },
  {
    name: 'checkservers',
    success: ran(['cs'], 'Contacting servers .....\nAll servers up\n'),
    failure: failed(['cs', 'no-such-host.invalid'], /no-such-host\.invalid: no such host\n$/),
  },
  {
    name: 'checkvolumes',
    success: ran(['checkvolumes']),
    failure: noVenus(['checkvolumes']),
  },
  {
    name: 'getfid',
    success: ran(['gf', 'v'], /^FID = 7f00000[0-9a-f]\.1\.1@test\.realm {2}VV = \[ \d+ /),
    failure: failed(['gf', 'nosuch'], 'VIOC_GETFID: No such file or directory\n'),
  },
  {
    name: 'getpfid',
    success: ran(['getpfid', '7f000000.1.1@test.realm'], 'FID = ff000001.1.1        \n'),
    failure: { ...ran(['getpfid', 'xx'], /^Malformed fid/), status: 2 },
  },
  {
    name: 'getpath',
    success: ran(['gp', '7f000000.1.1@test.realm'], '\t/coda/test.realm\n'),
    failure: failed(['gp', '7f0000ff.1.1@test.realm'], 'VIOC_GETPATH: Unknown error 658\n'),
  },
  {
    name: 'getmountpoint',
    success: ran(['gmt', '7f000001@test.realm'], `7f000001@test.realm:  ${V}\n`),
    failure: failed(['gmt', '7f0000ff@test.realm'], 'Failed in GetMountPoint.: Invalid argument\n'),
  },
  {
    name: 'listacl',
    success: ran(['la', 'v'], /^ +System:AnyUser {2}rl {6}\n/),
    failure: failed(['la', 'v/d/f'], 'v/d/f: Not a directory\n'),
  },
  {
    name: 'setacl',
    success: ran(['sa', 'v/d', 'luqi', 'all']),
    failure: failed(['sa', 'v/d', 'nobody', 'rl'], /^v\/d: No such file or directory\n/),
  },
  {
    name: 'listvol',
    success: ran(['lv', 'v'], /^ {2}Status of volume 7f000001 \(2130706433\) named "vol"\n/),
    failure: failed(['lv', 'nosuch'], 'nosuch: No such file or directory\n'),
  },
  {
    name: 'setquota',
    success: ran(['sq', 'v', '5000'], /^maximum quota is 0\nNew value .* 5000\n$/),
    failure: failed(['sq', 'v', '10'], 'Setting new quota: Permission denied\n', 4, {
      stdout: /^maximum quota/,
      env: NOBODY,
    }),
  },
  {
    name: 'setvol',
    success: ran(['sv', 'v', '-max', '6000', '-motd', 'hello']),
    failure: failed(['setvol', 'v', '-min', '10'], 'v: Permission denied\n', 4, { env: NOBODY }),
  },
  {
    name: 'whereis',
    success: ran(['whereis', 'v'], '  s1  s2  s3\n'),
    failure: failed(['whereis', 'nosuch'], 'nosuch: No such file or directory\n'),
  },
  {
    name: 'redir',
    success: ran(['redir', 'v', 's2']),
    failure: failed(['redir', 'v', '10.0.0.9'], 'VIOC_REDIR: Invalid argument\n'),
  },
  {
    name: 'mkmount',
    success: ran(['mkm', 'again', 'vol']),
    failure: failed(['mkm', 'v', 'vol'], '.: File exists\n'),
  },
  {
    name: 'lsmount',
    success: ran(['lsmount', 'v'], 'Mount point for volume "vol."\n'),
    failure: { ...ran(['lsmount', 'v/d'], 'Not a mount point\n'), status: 1 },
  },
  {
    name: 'rmmount',
    success: ran(['rmm', 'again']),
    failure: failed(['rmm', 'v/d'], 'VIOC_AFS_DELETE_MT_PT: Not a directory\n'),
  },
  { name: 'truncatelog', success: ran(['tl']), failure: noVenus(['tl']) },
  {
    name: 'waitforever',
    success: ran(['wf', '-off', 'test.realm']),
    failure: misused(['wf']),
  },
  {
    name: 'zonelimit',
    success: ran(['zl', '-1', '-1'], 'Zone limits set:  red = -1  yellow = -1\n'),
    failure: misused(['zl', '10']),
  },
  {
    name: 'lookaside',
    success: ran(['lka', '--list'], /place \(1 entries\) \[attempts = 1 {2}hits = 1 {2}shafails = 0\]\n$/, {
      first: async () => {
        const { laptop } = both;
        await laptop.ok('cfs', ['flushobject', '--yes', 'v/d/same']);
        await laptop.ok('cfs', ['lka', `+${join(directory(), 'place')}`]);
        expect(await laptop.ok('coda', ['cat', 'v/d/same'])).toBe('contents');
      },
    }),
    failure: { ...ran(['lka', '+/no/such'], 'dbopen(/no/such) failed'), status: 1 },
  },
  {
    name: 'listcache',
    success: ran(['lc', '-l', 'v'], /^\/coda\/test\.realm\/v: 7f000001\n(.*\n)* {2}f {2}\/d\/same {2}1\.7f0/),
    failure: failed(['lc', 'v/d'], 'Failed in ListCache.: Invalid argument\n'),
  },
  {
    name: 'flushobject',
    success: ran(['fl', 'v/d'], `${DANGER('these files will be lost, if disconnected')}${DARED}`, {
      input: 'y\n',
    }),
    failure: failed(['fl', '--yes', 'v/new'], "Can't flush active file\n", 1, { first: unsent('new') }),
  },
  {
    name: 'flushvolume',
    success: ran(['flushvolume', '--yes', 'v']),
    failure: failed(['flushvolume', '--yes', 'nosuch'], '  VIOC_FLUSHVOLUME: No such file or directory\n'),
  },
  {
    name: 'flushcache',
    success: ran(['flushcache'], `${DANGER('all files will be lost, if disconnected')}${DARED}`, {
      input: 'y\n',
    }),
    failure: {
      ...ran(['flushcache'], `${DANGER('all files will be lost, if disconnected')}${NOT_DARED}`),
      status: 1,
    },
  },
  {
    name: 'clearpriorities',
    success: ran(['cp', '--yes']),
    failure: {
      ...ran(['cp'], `${DANGER('important files may be lost, if disconnected')}${NOT_DARED}`, {
        input: 'no\n',
      }),
      status: 1,
    },
  },
  {
    name: 'listlocal',
    success: ran(['listlocal', 'v'], /entries total in the modify log for volume vol\n$/, {
      first: unsent('listed'),
    }),
    failure: failed(['listlocal', 'nosuch'], 'VIOC_REP_CMD(REP_CMD_LIST): No such file or directory\n'),
  },
  {
    name: 'checklocal',
    success: ran(['checklocal', 'v'], `local mutation: create ${V}/new\nno conflict`),
    failure: failed(['checklocal', 'nosuch'], 'VIOC_REP_CMD(REP_CMD_CHECK): No such file or directory\n'),
  },
  {
    name: 'preservelocal',
    success: ran(['preservelocal', 'v'], `reintegrated:\n\tcreate ${V}/new\n`),
    failure: failed(
      ['preservelocal', 'nosuch'],
      'VIOC_REP_CMD(REP_CMD_PRESERVE): No such file or directory\n',
    ),
  },
  {
    name: 'checkpointml',
    success: ran(['ck', 'v'], '', {
      stderr: /: \d+ entries, \d+ files, \d+ bytes, verified\n$/,
      first: unsent('kept'),
    }),
    failure: failed(['ck', 'one'], 'VIOC_CHECKPOINTML: No such file or directory\n'),
  },
  {
    name: 'examineclosure',
    success: ran(['ec'], /^\nExamining closure vol @ \/coda\/test\.realm\/v\n\n-rw(.*\n)*.* kept\n/),
    failure: failed(['ec', 'nosuch.tar'], /^nosuch\.tar: No such file or directory\n$/, 1, {
      stdout: '\nExamining closure nosuch @ ???\n\n',
    }),
  },
  {
    name: 'purgeml',
    success: ran(['purgeml', '--yes', 'v'], '', { stderr: /verified\n$/ }),
    failure: failed(['purgeml', '--yes', 'one'], 'VIOC_PURGEML: No such file or directory\n'),
  },
  {
    name: 'replayclosure',
    success: ran(
      ['rc', '-r'],
      /^\nReplaying closure vol @ \/coda\/test\.realm\/v\n\n.*: \d made, \d identical/,
    ),
    failure: failed(['rc'], '', 1, { stdout: /^(No closures found in .*\n)+No closures found\n$/ }),
  },
  {
    name: 'forcereintegrate',
    success: ran(['fr', 'v'], 'Modifications to vol reintegrated to server\n'),
    failure: failed(['fr', 'v'], /./, 5, {
      stdout: /^\d+ CML entries remaining for volume vol\n/,
      first: async () => {
        await dis();
        await both.laptop.write('v/offline', 'offline');
      },
    }),
  },
  {
    name: 'disconnect',
    success: ran(['disconnect']),
    failure: failed(['disconnect', 's1'], 'VIOC_DISCONNECT: servers cannot be named here\n', 2),
  },
  {
    name: 'reconnect',
    success: ran(['reconnect']),
    failure: failed(['reconnect', 's1'], 'VIOC_RECONNECT: servers cannot be named here\n', 2),
  },
  {
    name: 'writedisconnect',
    success: ran(['wd', '-age', '5', '-time', '1', 'v']),
    failure: failed(['wd', 'nosuch'], 'VIOC_WD: No such file or directory\n'),
  },
  {
    name: 'adaptive',
    success: ran(['adaptive', 'v']),
    failure: failed(['adaptive', 'nosuch'], 'VIOC_WD: No such file or directory\n'),
  },
  {
    name: 'strong',
    success: ran(['strong']),
    failure: failed(['strong', 'nosuch'], 'VIOC_WD: No such file or directory\n'),
  },
  {
    name: 'writereconnect',
    success: ran(['wr', 'v']),
    failure: failed(['wr', 'nosuch'], 'VIOC_WD: No such file or directory\n'),
  },
  {
    name: 'markincon',
    success: ran(['markincon', '--yes', 'v/c1'], '', { first: send }),
    failure: failed(['markincon', '--yes', 'one/f'], 'VIOC_SETVV: Operation not supported\n'),
  },
  {
    name: 'expand',
    success: ran(['expand', 'v/c1']),
    failure: failed(['expand', 'one/f'], 'VIOC_EXPANDOBJECT: Invalid argument\n'),
  },
  {
    name: 'collapse',
    success: ran(['collapse', 'v/c1']),
    failure: failed(['collapse', 'one/f'], 'VIOC_COLLAPSEOBJECT: Invalid argument\n'),
  },
  {
    name: 'beginrepair',
    success: ran(['br', 'v/c1']),
    failure: failed(['br', 'one/f'], 'VIOC_ENABLEREPAIR: Invalid argument\n'),
  },
  {
    name: 'endrepair',
    success: ran(['er', 'v/c1']),
    failure: failed(['er', 'one/f'], 'VIOC_DISABLEREPAIR: Invalid argument\n'),
  },
  {
    name: 'enableasr',
    success: ran(['easr', V], '', { env: { CODA_VENUS: 'yes' } }),
    failure: failed(['easr', 'v'], /^VIOC_ENABLEASR: .*the embedded venus runs no application-specific/),
  },
  {
    name: 'disableasr',
    success: ran(['dasr', V], '', { env: { CODA_VENUS: 'yes' } }),
    failure: failed(['dasr', 'v'], /^VIOC_DISABLEASR: .*the embedded venus runs no application-specific/),
  },
  {
    name: 'flushasr',
    success: ran(['fasr', V], '\n', { env: { CODA_VENUS: 'yes' } }),
    failure: failed(['fasr', 'v'], /^VIOC_FLUSHASR: .*the embedded venus runs no application-specific/),
  },
  {
    name: 'unloadkernel',
    success: ran(['uk'], '', { env: { CODA_VENUS: 'yes' } }),
    failure: failed(['uk'], /^ {2}VIOC_UNLOADKERNEL: .*the embedded venus has no module in the kernel\n/),
  },
  {
    name: 'discardlocal',
    success: ran(['discardlocal', '--yes', 'v'], `discarded local mutation store ${V}/c2\n`, {
      stderr: /verified\n/,
      first: inConflict,
    }),
    failure: failed(['discardlocal', 'v'], 'VIOC_REP_CMD(REP_CMD_DISCARD): Invalid argument\n'),
  },
];

/** The same file is changed here, while the servers cannot be reached, and at the other client. */
async function inConflict(): Promise<void> {
  const { laptop, desk } = both;
  await laptop.read('v/c2');
  await dis();
  await laptop.write('v/c2', 'mine');
  await desk.write('v/c2', 'theirs');
  await desk.ok('cfs', ['fr', 'v']);
  await re();
  await until(
    async () => (await laptop.run('cfs', ['lv', 'v'])).stdout.includes('pending conflicts'),
    25_000,
  );
}

function start({ words, input, env }: Run): Promise<Finished> {
  const isYes = env?.['CODA_VENUS'] === 'yes';
  return both.laptop.run('cfs', words, {
    ...(input === undefined ? {} : { input }),
    ...(env === undefined ? {} : { env: isYes ? yesVenus() : env }),
  });
}

async function check(run: Run): Promise<void> {
  await run.first?.();
  const { stdout, stderr, status } = await start(run);
  const shown = `${run.words.join(' ')}: ${stdout}${stderr}`;
  expect({ shown, status }).toEqual({ shown, status: run.status });
  expect(stdout).toEqual(matching(run.stdout));
  expect(stderr).toEqual(matching(run.stderr ?? ''));
}

function matching(text: string | RegExp): unknown {
  return typeof text === 'string' ? text : expect.stringMatching(text);
}

describe('every subcommand of cfs', () => {
  const { commands } = cfs;
  const entries = typeof commands === 'function' ? [] : commands;
  const names = entries.map(({ names: [name = ''] }) => name);

  it('is in this table', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it('is in the manual page, under its name and its abbreviation', () => {
    const page = readFileSync(fileURLToPath(new URL('../../man/cfs.1', import.meta.url)), 'utf8');
    const sections = [...page.matchAll(/^\.SS (.*)$/gm)].map(([, title]) => title);
    expect(sections).toEqual(entries.map(({ names: all }) => all.join(', ')).sort());
  });

  it('has the abbreviation of the C tool', () => {
    const abbreviations = entries.flatMap(({ names: [name = '', short] }) =>
      short ? [`${name} ${short}`] : [],
    );
    expect(abbreviations.sort()).toEqual(
      (
        'beginrepair br,checkpointml ck,checkservers cs,clearpriorities cp,cpuname @cpu,disableasr dasr,enableasr easr,' +
        'endrepair er,examineclosure ec,flushasr fasr,flushobject fl,forcereintegrate fr,getfid gf,getmountpoint gmt,' +
        'getpath gp,listacl la,listcache lc,listvol lv,lookaside lka,mkmount mkm,replayclosure rc,rmmount rmm,setacl sa,' +
        'setquota sq,setvol sv,sysname @sys,truncatelog tl,unloadkernel uk,waitforever wf,writedisconnect wd,' +
        'writereconnect wr,zonelimit zl'
      ).split(','),
    );
  });

  it.each(rows)('$name does what it is for, and tells when it cannot', async ({ success, failure }) => {
    await check(success);
    await check(failure);
  });
});
