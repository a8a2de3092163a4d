import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import { cfs } from '../../src/commands/cfs.ts';
import type { Command } from '../../src/commands/command.ts';
import { getVolumeStatus } from '../../src/ipc/calls/getVolumeStatus.ts';
import { getToken } from '../../src/ipc/calls/getToken.ts';
import { listServers } from '../../src/ipc/calls/listServers.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import type { PioctlRequest } from '../../src/ipc/framing.ts';
import { useListings } from '../support/listingFiles.ts';
import { readRecordings } from '../support/recordings.ts';
import { FakeVenus, type Handler, on, refuse, run } from './support.ts';

const runSchema = v.object({
  argv: v.array(v.string()),
  stdout: v.string(),
  stderr: v.string(),
  exit: v.number(),
  cwd: v.string(),
  pioctls: v.array(v.number()),
});
type Run = v.InferOutput<typeof runSchema>;

const recordings = new Map(readRecordings().map((recording) => [recording.index, recording]));

/**
 * Commands whose runs depend on nothing but the answers of venus, and the files that it names. lsmount needs a file tree
 * besides; waitforever names a realm where the C tool names none.
 */
const names = new Set([
  'lv',
  'la',
  'sa',
  'gf',
  'getfid',
  'gp',
  'getpfid',
  'gmt',
  'whereis',
  'mkmount',
  'rmmount',
  'disconnect',
  'reconnect',
  'wd',
  'adaptive',
  'strong',
  'fr',
  'tl',
  'zl',
  'listlocal',
  'lc',
  'lka',
  'checkvolumes',
  'redir',
  'dasr',
  'easr',
  'fasr',
]);

/** Runs of cfs with all their requests recorded, each command line with each outcome once. */
function readRuns(): readonly Run[] {
  const file = fileURLToPath(new URL('../golden/cli.jsonl', import.meta.url));
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const runs = lines.map((line) => v.parse(runSchema, JSON.parse(line)));
  const different = new Map(
    runs.map((found) => [JSON.stringify([found.argv, found.stdout, found.pioctls.length]), found]),
  );
  return [...different.values()].filter(
    ({ argv, stdout, pioctls }) =>
      argv[0] === 'cfs' &&
      !stdout.startsWith('Usage:') &&
      names.has(argv[1] ?? '') &&
      pioctls.every((index) => recordings.has(index)),
  );
}

/** Answers as venus did then, in the same order. */
function replaying(indexes: readonly number[]) {
  const recorded = indexes.flatMap((index) => recordings.get(index) ?? []);
  const waiting = [...recorded];
  const answer = (request: PioctlRequest): Uint8Array => {
    const { opcode } = request;
    if (isAboutLog(request) && !recorded.some(isAboutLog)) return refuse('ENXIO');
    const next = waiting.shift();
    if (!next) throw new Error(`opcode ${opcode} was not asked for then`);
    if (next.errno !== 0) throw new VenusError(next.errno);
    return next.output ?? new Uint8Array(0);
  };
  const opcodes = new Set([...recorded.map(({ opcode }) => opcode), getVolumeStatus.opcode]);
  const handlers: readonly Handler[] = [...opcodes].map((opcode) => ({ opcode, answer }));
  const wanted = recorded.map(({ opcode, path, follow, input }) =>
    comparable({ opcode, path, follow: follow === 1, input }),
  );
  const isOurs = (request: PioctlRequest) =>
    ownQuestions.has(request.opcode) || (isAboutLog(request) && !recorded.some(isAboutLog));
  return { wanted, handlers, isOurs };
}

/** Asks venus alone what waits in a log, as is asked after a failure that a log may be behind, for the advice. */
function isAboutLog({ opcode, input }: Pick<PioctlRequest, 'opcode' | 'input'>): boolean {
  return opcode === getVolumeStatus.opcode && input.some((byte) => byte !== 0);
}

/** The empty path and a slash are both the Coda root. */
function comparable({ opcode, path, follow, input }: Omit<PioctlRequest, 'outSize'>): object {
  return { opcode, path: path === '' ? '/' : path, follow, input: Buffer.from(input).toString('latin1') };
}

/** No names: as the recorded runs, which had no resolver, show addresses. */
const nameless = on(listServers, () =>
  [1, 2, 3].map((host) => ({ address: `10.77.0.${host}`, name: `10.77.0.${host}` })),
);

/** Asked after "permission denied", for the advice. */
const tokenless = on(getToken, () => refuse('ENOTCONN'));
/** What the C tools do not ask. */
const ownQuestions = new Set([nameless.opcode, tokenless.opcode]);

const makeListing = useListings();

/** Venus leaves in a file what listlocal and listcache print. */
function makeListingOf({ stdout, pioctls: [index = -1] }: Run): void {
  const { output = new Uint8Array(0) } = recordings.get(index) ?? {};
  makeListing(stdout, Buffer.from(output).toString('latin1').replace(/\0.*/s, ''));
}

const commands = new Map<string, Command>();

beforeAll(async () => {
  const { commands: entries } = cfs;
  if (typeof entries === 'function') throw new Error('cfs has several commands');
  for (const entry of entries) for (const name of entry.names) commands.set(name, await entry.load());
});

describe('a recorded run of the C tool', () => {
  const runs = readRuns();

  test('is not the only one', () => expect(runs.length).toBeGreaterThan(130));

  test.each(runs.map((found) => ({ name: found.argv.join(' '), found })))('$name', async ({ found }) => {
    const { wanted, handlers, isOurs } = replaying(found.pioctls);
    const command = commands.get(found.argv[1] ?? '');
    if (!command) throw new Error('no such command');
    if (['listlocal', 'lc'].includes(found.argv[1] ?? '')) makeListingOf(found);
    const venus = new FakeVenus([...handlers, nameless, tokenless]);
    const finished = await run(command, found.argv.slice(2), venus, {
      env: { CODA_CLASSIC: '1', CODA_CWD: found.cwd },
    });
    const asked = venus.requests.filter((request) => !isOurs(request));
    expect(asked.map(comparable)).toEqual(wanted);
    expect(finished).toMatchObject({ stdout: found.stdout, status: found.exit });
    // What the C tools do not learn when the pioctl file cannot be opened, ours say.
    if (!found.stderr.includes('pioctl file')) {
      expect(finished.stderr.replace(/^.* not on the servers; to see why: .*\n/m, '')).toBe(found.stderr);
    }
  });
});
