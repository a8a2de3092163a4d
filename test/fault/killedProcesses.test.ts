import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logReportsSchema } from '../../src/ipc/insight.ts';
import { HttpFiles } from '../../src/ipc/socket/httpFiles.ts';
import { HttpSession } from '../../src/ipc/socket/httpSession.ts';
import { daemonStatusSchema, emptySchema } from '../../src/ipc/socket/routes.ts';
import { ModifyLogs } from '../../src/venus/client/log/modifyLog.ts';
import type { LogRecord } from '../../src/venus/client/log/record.ts';
import { Database, type Table } from '../../src/venus/store/database.ts';
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

type Victim = 'laptop' | 's1';

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

async function pidOf(name: Victim): Promise<number | undefined> {
  const status = await sessions.desk.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
  return status.processes.find((process) => process.name === name)?.pid;
}

/** Kills a process with what it is doing. It comes back by itself. */
async function kill(name: Victim): Promise<boolean> {
  const pid = await pidOf(name);
  return pid !== undefined && killed(pid);
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

/** The stores of the client and of the server, looked into while they are at work. */
class Stores {
  readonly #client: Database;
  readonly #server: Database;
  readonly #last: Table<number>;

  static async open(): Promise<Stores> {
    const client = await Database.open(join(realm.data, 'clients', 'laptop'));
    return new Stores(client, await Database.open(join(serverDirectoryOf(realm.data), 'metadata')));
  }

  private constructor(client: Database, server: Database) {
    this.#client = client;
    this.#server = server;
    this.#last = server.table('reintegrated');
  }

  records(): readonly LogRecord[] {
    return [...new ModifyLogs(this.#client).records(ROOT)];
  }

  /** The last update of the client that the server has performed. Only one client changes anything here. */
  performed(): number {
    return Math.max(0, ...[...this.#last.all()].map(({ value }) => value));
  }

  /** Whether the server has performed something of which the client does not know that. */
  hasLostAnswer(): boolean {
    const [head] = this.records();
    return head !== undefined && head.storeId.unique <= this.performed();
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#server.close();
  }
}

/** Whom to kill, and when: after a while, or as soon as the server has performed something. */
const turns = [
  { victim: 's1', atCommit: false },
  { victim: 'laptop', atCommit: true },
  { victim: 's1', atCommit: true },
  { victim: 'laptop', atCommit: false },
] as const;

/** Kills while the log goes out. @returns how often, and how often the server's answer was lost by it */
async function killWhileItGoes(
  times: number,
  stores: Stores,
): Promise<{ killed: number; lostAnswers: number }> {
  const count = { killed: 0, lostAnswers: 0 };
  const end = Date.now() + DRAINED;
  while (Date.now() < end && (count.killed < times || count.lostAnswers === 0)) {
    const { victim, atCommit } = turns[count.killed % turns.length] ?? turns[0];
    const pid = await pidOf(victim);
    const goesOn = await isMorePerformed(stores);
    // A log that a conflict stops does not go on: then this says so.
    if (!goesOn) await entries();
    if (!goesOn && stores.records().length === 0) break;
    if (!atCommit) await sleep(random(60));
    if (!goesOn || pid === undefined || !killed(pid)) continue;
    count.killed += 1;
    if (stores.hasLostAnswer()) count.lostAnswers += 1;
  }
  return count;
}

/** Waits until the server has performed more, and looks so often that the client hardly knows yet. */
async function isMorePerformed(stores: Stores): Promise<boolean> {
  const before = stores.performed();
  for (const end = Date.now() + 1000; Date.now() < end;) {
    if (stores.performed() > before) return true;
    await sleep(1);
  }
  return false;
}

/** @returns whether there was such a process still */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
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

    const stores = await Stores.open();
    const records = stores.records();
    await setLink(false);
    const kills = await killWhileItGoes(10, stores);
    await stores.close();
    expect(kills.killed).toBeGreaterThanOrEqual(Math.min(10, Math.floor(records.length / 200)));
    expect(kills.lostAnswers).toBeGreaterThan(0);
    await until(async () => (await entries()) === 0, DRAINED);
    times.reintegration = Date.now() - times.started - times.operations;

    await expectSame(sessions.desk);
    await expectSame(sessions.laptop);
    times.comparison = Date.now() - times.started - times.operations - times.reintegration;
    await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
    await expectAppliedOnce(updatesOf(records));
    process.stderr.write(
      `${OPERATIONS} operations, ${records.length} records, ${kills.killed} kills while they went, ${kills.lostAnswers} lost answers; ${JSON.stringify(times)}; ` +
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
