import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logReportsSchema } from '../../src/ipc/insight.ts';
import { HttpFiles } from '../../src/ipc/socket/httpFiles.ts';
import { HttpSession } from '../../src/ipc/socket/httpSession.ts';
import { daemonStatusSchema, emptySchema } from '../../src/ipc/socket/routes.ts';
import { ModifyLogs } from '../../src/venus/client/log/modifyLog.ts';
import type { LogRecord } from '../../src/venus/client/log/record.ts';
import { Database } from '../../src/venus/store/database.ts';
import type { Vnode } from '../../src/venus/tree/vnodes.ts';
import { TestRealm, until } from '../e2e/support.ts';
import { findProblems } from '../venus/server/invariants.ts';
import { ROOT, serverDirectoryOf, sleep } from '../venus/support.ts';
import { KilledStream, treeHere, treeInCoda } from './killedStream.ts';
import { randomFrom } from './randomTree.ts';

/** How many operations the long test makes. */
const OPERATIONS = Number(process.env['CODA_KILL_OPERATIONS'] ?? 5000);
const SEED = Number(process.env['CODA_KILL_SEED'] ?? 20_261_121);
/** Directories that are worked in at once, each by operations one after the other. */
const STREAMS = 8;
const TIME_LIMIT = 30_000;
const DRAINED = 60_000;

let realm: TestRealm;
let sessions: { readonly laptop: HttpSession; readonly desk: HttpSession };
let random = randomFrom(SEED);

beforeEach(async () => {
  random = randomFrom(SEED);
  realm = await TestRealm.start('--processes', '--clients', 'laptop,desk');
  const open = (name: string) =>
    new HttpSession(join(realm.directory, 'run', 'coda', `${name}.sock`), {
      timeLimit: TIME_LIMIT,
      uid: undefined,
    });
  sessions = { laptop: open('laptop'), desk: open('desk') };
  const env = { CODA_CLIENT: 'laptop' };
  await realm.ok('coda', ['realm', 'user', 'add', 'jan', '--administrator'], { env, input: 'janjan\n' });
  for (const CODA_CLIENT of ['laptop', 'desk'])
    await realm.ok('clog', ['jan@test.realm'], { env: { CODA_CLIENT }, input: 'janjan\n' });
});
afterEach(async () => {
  await sessions.laptop.close();
  await sessions.desk.close();
  await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
  await realm.end();
});

async function setLink(cut: boolean): Promise<void> {
  const json = { cut, client: 'laptop', server: 's1' };
  await sessions.desk.json({ method: 'POST', route: '/realm/links', json }, emptySchema);
}

/** Kills a process with what it is doing. It comes back by itself. */
async function kill(name: 'laptop' | 's1'): Promise<boolean> {
  const status = await sessions.desk.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
  const pid = status.processes.find((process) => process.name === name)?.pid;
  return pid !== undefined && process.kill(pid, 'SIGKILL');
}

/** Records that are not on the server yet; nothing as long as the client does not say. */
async function entries(): Promise<number | undefined> {
  try {
    const { logs } = await sessions.laptop.json({ method: 'GET', route: '/logs' }, logReportsSchema);
    expect(logs.map(({ conflict }) => conflict)).toEqual(logs.map(() => undefined));
    return logs.reduce((sum, log) => sum + log.entries, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Kills the client or the server by turns when this many operations have begun. */
function killingAt(thresholds: readonly number[]) {
  let begun = 0;
  const kills: Promise<boolean>[] = [];
  const waiting = [...thresholds].sort((one, other) => one - other);
  return {
    kills,
    onStep: () => {
      begun += 1;
      if (begun < (waiting[0] ?? Infinity)) return;
      waiting.shift();
      kills.push(kill(kills.length % 2 === 0 ? 'laptop' : 's1'));
    },
  };
}

/** Kills while the log goes out: each time after some of it has gone. @returns how often */
async function killWhileItGoes(times: number): Promise<number> {
  let [killed, before] = [0, Infinity];
  for (const end = Date.now() + DRAINED; killed < times && Date.now() < end;) {
    const now = await entries();
    if (now === 0) return killed;
    if (now === undefined || now >= before) {
      before = Math.max(before === Infinity ? 0 : before, now ?? 0);
      await sleep(5);
      continue;
    }
    await sleep(random(60));
    if (await kill(killed % 2 === 0 ? 's1' : 'laptop')) killed += 1;
    before = now;
  }
  return killed;
}

function streams(onStep: () => void): readonly KilledStream[] {
  return Array.from({ length: STREAMS }, (_, number) => {
    const here = hereOf(number);
    mkdirSync(here, { recursive: true });
    const files = new HttpFiles(sessions.laptop);
    return new KilledStream({
      ...{ files, inCoda: inCodaOf(number), here, onStep },
      random: randomFrom(random(2 ** 31)),
    });
  });
}

const hereOf = (number: number) => join(realm.directory, 'here', `s${number}`);
const inCodaOf = (number: number) => `/test.realm/s${number}`;

/** What is on the server is what is here, seen through a client; and it holds together. */
async function expectSame(session: HttpSession): Promise<void> {
  const compared = Array.from({ length: STREAMS }, async (_, number) => {
    const found = await treeInCoda(new HttpFiles(session), inCodaOf(number));
    expect(found).toEqual(treeHere(hereOf(number)));
  });
  await Promise.all(compared);
}

async function recordsOfLaptop(): Promise<readonly LogRecord[]> {
  const database = await Database.open(join(realm.data, 'clients', 'laptop'));
  try {
    return [...new ModifyLogs(database).records(ROOT)];
  } finally {
    await database.close();
  }
}

/** How often each object that a log makes is updated by it, if each record is performed once. */
function updatesOf(records: readonly LogRecord[]): ReadonlyMap<number, number> {
  const updates = new Map<number, number>();
  const made = (vnode: number) => updates.set(vnode, 1);
  const update = (vnode: number, times = 1) => {
    const present = updates.get(vnode);
    if (present !== undefined) updates.set(vnode, present + times);
  };
  for (const { mutation } of records) {
    const { fid } = mutation;
    if (mutation.op === 'create' || mutation.op === 'mkdir' || mutation.op === 'symlink') made(fid.vnode);
    else update(fid.vnode);
    if (mutation.op === 'rename') {
      for (const parent of new Set([mutation.fromParent.vnode, mutation.toParent.vnode])) update(parent);
    } else if ('parent' in mutation) update(mutation.parent.vnode);
  }
  return updates;
}

/** Looks into the store of the server, which must be down. */
async function expectAppliedOnce(updates: ReadonlyMap<number, number>): Promise<void> {
  const directory = serverDirectoryOf(realm.data);
  const metadata = await Database.open(join(directory, 'metadata'));
  try {
    expect(findProblems(metadata, join(directory, 'containers'))).toEqual([]);
    const found = [...metadata.table<Vnode>('vnodes').all()].flatMap(({ value: { fid, versionVector } }) =>
      updates.has(fid.vnode) ? [`${fid.vnode}: ${versionVector.versions[0]}`] : [],
    );
    expect(found).toEqual(
      found.map((line) => `${line.split(':')[0]}: ${updates.get(Number.parseInt(line))}`),
    );
  } finally {
    await metadata.close();
  }
}

describe('a client and a server that are killed at any moment', () => {
  it('lose nothing of what was done while disconnected, and perform nothing twice', async () => {
    const times = { started: Date.now(), operations: 0, reintegration: 0, comparison: 0 };
    const killing = killingAt(Array.from({ length: 10 }, () => 1 + random(OPERATIONS)));
    const workers = streams(killing.onStep);
    for (let number = 0; number < STREAMS; number++)
      await new HttpFiles(sessions.laptop).mkdir(inCodaOf(number), 0o755);
    await setLink(true);
    await Promise.all(workers.map((worker) => worker.run(OPERATIONS / STREAMS)));
    expect(await Promise.all(killing.kills)).toHaveLength(10);
    expect(workers.map(({ lost }) => lost.unreachable)).toEqual(workers.map(() => 0));
    times.operations = Date.now() - times.started;

    const records = await recordsOfLaptop();
    await setLink(false);
    const killed = await killWhileItGoes(10);
    expect(killed).toBeGreaterThanOrEqual(Math.min(10, Math.floor(records.length / 200)));
    await until(async () => (await entries()) === 0, DRAINED);
    times.reintegration = Date.now() - times.started - times.operations;

    await expectSame(sessions.desk);
    await expectSame(sessions.laptop);
    times.comparison = Date.now() - times.started - times.operations - times.reintegration;
    await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
    await expectAppliedOnce(updatesOf(records));
    process.stderr.write(
      `${OPERATIONS} operations, ${records.length} records, ${killed} kills while they went; ${JSON.stringify(times)}; ` +
        `lost ${JSON.stringify(workers.map(({ lost }) => lost))}\n`,
    );
  }, 300_000);

  it('lose nothing when changes go on while the log goes out', async () => {
    const operations = OPERATIONS / 10;
    const killing = killingAt(Array.from({ length: 10 }, (_, index) => ((index + 1) * operations) / 11));
    const workers = streams(killing.onStep);
    for (let number = 0; number < STREAMS; number++)
      await new HttpFiles(sessions.laptop).mkdir(inCodaOf(number), 0o755);
    await Promise.all(workers.map((worker) => worker.run(operations / STREAMS)));
    expect(await Promise.all(killing.kills)).toHaveLength(10);
    await until(async () => (await entries()) === 0, DRAINED);
    await expectSame(sessions.desk);
    await expectSame(sessions.laptop);
    await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
    await expectAppliedOnce(new Map());
  }, 120_000);
});
