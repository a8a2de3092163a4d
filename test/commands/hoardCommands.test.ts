import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { commandOfWords } from '../../src/commands/hoard/oneCommand.ts';
import { HoardRun } from '../../src/commands/hoard/hoardRun.ts';
import { getFid } from '../../src/ipc/calls/getFid.ts';
import { getVolumeStatus } from '../../src/ipc/calls/getVolumeStatus.ts';
import { hoardAdd } from '../../src/ipc/calls/hoardAdd.ts';
import { hoardClear } from '../../src/ipc/calls/hoardClear.ts';
import { hoardDelete } from '../../src/ipc/calls/hoardDelete.ts';
import { hoardDisable } from '../../src/ipc/calls/hoardDisable.ts';
import { hoardEnable } from '../../src/ipc/calls/hoardEnable.ts';
import { hoardList } from '../../src/ipc/calls/hoardList.ts';
import { hoardVerify } from '../../src/ipc/calls/hoardVerify.ts';
import { hoardWalk } from '../../src/ipc/calls/hoardWalk.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import { ALL_USERS } from '../../src/ipc/hoardName.ts';
import { localVersionVector } from '../../src/ipc/versionVector.ts';
import { readRecordings } from '../support/recordings.ts';
import { FakeVenus, type Finished, type Handler, TestContext, on, refuse } from './support.ts';

/** The tree in which the runs were recorded, as far as they name it: the volume of each directory and file. */
const tree: Readonly<Record<string, readonly [volume: number, vnode: number]>> = {
  '/coda.test': [0x7f000000, 1],
  '/coda.test/u': [0x7f000001, 1],
  '/coda.test/u/a': [0x7f000001, 3],
  '/coda.test/u/a/b': [0x7f000001, 5],
};

const identify = on(getFid, (_request, path) => {
  const [volume, vnode] = tree[path] ?? refuse('ENOENT');
  return { fid: { volume, vnode, unique: 1, realm: 'coda.test' }, versionVector: localVersionVector };
});

/** A mounted Coda, whose venus tells no more than the pioctls do. */
const address = { kind: 'mount', directory: '/coda' } as const;

async function perform(venus: FakeVenus, words: readonly string[], json = false): Promise<Finished> {
  const env = { CODA_UID: '501' };
  const context = new TestContext(venus, { address, env, json }, { classicFailure: 0 });
  const [name = '', ...rest] = words;
  const run = await HoardRun.start(context, { exclude: [], verbose: false, debug: false });
  await run.perform(commandOfWords(name, rest));
  await run.end();
  const { stdout, stderr } = context.recorded;
  return { stdout, stderr, status: context.exitStatus() };
}

const runSchema = v.object({
  argv: v.array(v.string()),
  uid: v.number(),
  stderr: v.string(),
  pioctls: v.array(v.number()),
});
const recordings = new Map(readRecordings('hoard.jsonl').map((recording) => [recording.index, recording]));

/** Runs that change entries, by the user whom venus lets; in each, what was refused and sent for it is recorded. */
const runs = readFileSync(fileURLToPath(new URL('../golden/hoardRuns.jsonl', import.meta.url)), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => v.parse(runSchema, JSON.parse(line)))
  .filter(({ argv, uid }) => uid === 501 && ['add', 'delete', 'clear', 'on', 'off'].includes(argv[1] ?? ''))
  // The C tool takes a priority of 2000, too; ours does not.
  .filter(({ argv }) => !argv.includes('2000'));

describe('a recorded run of the C hoard', () => {
  test('is not the only one', () => expect(runs.length).toBeGreaterThan(8));

  test.each(runs.map((found) => ({ name: found.argv.join(' '), found })))('$name', async ({ found }) => {
    const recorded = found.pioctls.flatMap((index) => recordings.get(index) ?? []);
    const [wanted] = recorded;
    if (!wanted) throw new Error('nothing was recorded of it');
    const answer = (): Uint8Array => {
      if (wanted.errno !== 0) throw new VenusError(wanted.errno);
      return new Uint8Array(0);
    };
    const venus = new FakeVenus([identify, { opcode: wanted.opcode, answer }]);
    const finished = await perform(venus, found.argv.slice(1));
    const sent = venus.requests.filter(({ opcode }) => opcode === wanted.opcode);
    expect(sent.map(({ opcode, input }) => meaningOf(opcode, input))).toEqual([
      meaningOf(wanted.opcode, wanted.input),
    ]);
    const lines = found.stderr.split('\n').filter((line) => line.startsWith('pioctl:'));
    expect(finished.stderr.split('\n').filter((line) => line.startsWith('pioctl:'))).toEqual(lines);
    expect(finished.status === 0).toBe(wanted.errno === 0);
    expect(finished.stdout).toBe('');
  });
});

/** What a request says, without the stale memory in it. */
function meaningOf(opcode: number, input: Uint8Array): unknown {
  switch (opcode) {
    case hoardAdd.opcode:
      return hoardAdd.request.decode(input);
    case hoardDelete.opcode:
      return hoardDelete.request.decode(input);
    case hoardClear.opcode:
      return hoardClear.request.decode(input);
    default:
      return [...input];
  }
}

const LISTING = '<7f000001@coda.test, ./a>, 501, 100:d+\n<7f000001@coda.test, ./a/b>, 501, 7\n';
const lists: Handler = on(hoardList, ({ outFile, uid }) => {
  expect(uid).toBe(ALL_USERS);
  writeFileSync(outFile, LISTING, { mode: 0o600, flag: 'wx' });
});

/** Asked after a failure that a log may be behind, for the advice. */
const nothingUnsent = on(getVolumeStatus, () => refuse('ETIMEDOUT'));

describe('on a mounted Coda', () => {
  test('list prints what venus writes, to the byte, and --json takes it apart', async () => {
    expect(await perform(new FakeVenus([lists]), ['list'])).toMatchObject({
      status: 0,
      stdout: LISTING,
      stderr: '',
    });
    const { stdout } = await perform(new FakeVenus([lists]), ['list'], true);
    expect(JSON.parse(stdout)).toMatchObject({
      entries: [
        { volume: 0x7f000001, name: './a', priority: 100, expansion: 'descendants', uid: 501 },
        { name: './a/b', priority: 7, expansion: 'none' },
      ],
    });
  });

  test('a venus that writes somewhere else is told of', async () => {
    const elsewhere = on(hoardList, () => undefined);
    const { status, stderr } = await perform(new FakeVenus([elsewhere]), ['list']);
    expect(status).toBe(1);
    expect(stderr).toContain('Failed to open');
  });

  test('modify replaces the entry in one request, and keeps what was not said', async () => {
    const added: unknown[] = [];
    const adds = on(hoardAdd, (entry) => void added.push(entry));
    const venus = new FakeVenus([identify, lists, adds]);
    expect(await perform(venus, ['modify', '/coda/coda.test/u/a', '300'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(await perform(venus, ['modify', '/coda/coda.test/u/a', 'plain'])).toMatchObject({ status: 0 });
    const name = { volume: 0x7f000001, realm: 'coda.test', name: './a' };
    expect(added).toEqual([
      { ...name, priority: 300, expansion: 'descendants' },
      { ...name, priority: 100, expansion: 'none' },
    ]);
    expect(await perform(venus, ['modify', '/coda/coda.test/u/none', '5'])).toMatchObject({ status: 1 });
    expect(added).toHaveLength(2);
  });

  test('verify passes on what venus writes, and its status tells whether all is here', async () => {
    const writes = (text: string) =>
      on(hoardVerify, ({ outFile }) => writeFileSync(outFile, text, { mode: 0o600 }));
    const problem = '        *** Not bound ***  /coda/coda.test/u/a d+\n';
    expect(await perform(new FakeVenus([writes(problem)]), ['verify'])).toMatchObject({
      status: 1,
      stdout: problem,
    });
    expect(await perform(new FakeVenus([writes('')]), ['verify'])).toMatchObject({ status: 0, stdout: '' });
    const fine = '                       OK  /coda/coda.test/u/a\n';
    expect(await perform(new FakeVenus([writes(fine)]), ['verify'])).toMatchObject({
      status: 0,
      stdout: fine,
    });
  });

  test('walk verifies when it is over, and not when it failed', async () => {
    const verifies = on(hoardVerify, ({ outFile }) => writeFileSync(outFile, '', { mode: 0o600 }));
    const venus = new FakeVenus([on(hoardWalk, () => undefined), verifies]);
    expect(await perform(venus, ['walk'])).toMatchObject({ status: 0 });
    expect(venus.requests.map(({ opcode }) => opcode)).toEqual([hoardWalk.opcode, hoardVerify.opcode]);
    const refused = await perform(new FakeVenus([on(hoardWalk, () => refuse('EACCES'))]), ['walk']);
    expect(refused).toMatchObject({ status: 7 });
    expect(refused.stderr).toMatch(/^pioctl:Walk\(501\): Permission denied\n/);
  });

  test('on and off', async () => {
    const venus = new FakeVenus([on(hoardEnable, () => undefined), on(hoardDisable, () => undefined)]);
    for (const word of ['on', 'off'])
      expect(await perform(venus, [word])).toMatchObject({ status: 0, stdout: '' });
    expect(venus.requests.map(({ opcode }) => opcode)).toEqual([hoardEnable.opcode, hoardDisable.opcode]);
  });

  test('what cannot be looked up is not hoarded as something else', async () => {
    const down = on(getFid, (_request, path) =>
      path === '/coda.test'
        ? { fid: { volume: 1, vnode: 1, unique: 1, realm: 'coda.test' }, versionVector: localVersionVector }
        : refuse('ETIMEDOUT'),
    );
    const finished = await perform(new FakeVenus([down, nothingUnsent]), [
      'add',
      '/coda/coda.test/u/a',
      '100',
    ]);
    expect(finished.status).toBe(5);
    expect(finished.stderr).toMatch(/^canonicalize: \/coda\/coda.test\/u\/a: Connection timed out/);
  });
});
