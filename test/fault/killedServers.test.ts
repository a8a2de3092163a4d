import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logReportsSchema } from '../../src/ipc/insight.ts';
import { HttpFiles } from '../../src/ipc/socket/httpFiles.ts';
import { HttpSession } from '../../src/ipc/socket/httpSession.ts';
import { daemonStatusSchema } from '../../src/ipc/socket/routes.ts';
import { TestRealm, until } from '../e2e/support.ts';
import { sleep } from '../venus/support.ts';
import { KilledStream, treeHere, treeInCoda } from './killedStream.ts';
import { randomFrom } from './randomTree.ts';
import { logged, storeOf } from './serverStores.ts';

const OPERATIONS = Number(process.env['CODA_KILL_SERVER_OPERATIONS'] ?? 540);
const KILLS = Number(process.env['CODA_KILL_SERVERS'] ?? 4);
const SEED = Number(process.env['CODA_KILL_SEED'] ?? 20_261_121);
/** Directories that are worked in at once, each by one client. */
const STREAMS = 3;
const SERVERS = ['s1', 's2', 's3'] as const;
const CLIENTS = ['laptop', 'desk'] as const;
const SETTLED = 60_000;

let realm: TestRealm;
let sessions: Readonly<Record<(typeof CLIENTS)[number], HttpSession>>;

beforeEach(async () => {
  realm = await TestRealm.start(
    '--processes',
    '--servers',
    SERVERS.join(','),
    '--clients',
    CLIENTS.join(','),
  );
  const open = (name: string) =>
    new HttpSession(join(realm.directory, 'run', 'coda', `${name}.sock`), {
      timeLimit: 30_000,
      uid: undefined,
    });
  sessions = { laptop: open('laptop'), desk: open('desk') };
  const env = { CODA_CLIENT: 'laptop' };
  await realm.ok('coda', ['realm', 'user', 'add', 'jan', '--administrator'], { env, input: 'janjan\n' });
  for (const CODA_CLIENT of CLIENTS)
    await realm.ok('clog', ['jan@test.realm'], { env: { CODA_CLIENT }, input: 'janjan\n' });
});
afterEach(async () => {
  for (const session of Object.values(sessions)) await session.close();
  await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
  await realm.end();
});

/** Kills a server with what it is doing. It comes back by itself. @returns whether it ran */
async function kill(name: string): Promise<boolean> {
  const status = await sessions.desk.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
  const pid = status.processes.find((process) => process.name === name)?.pid;
  try {
    return pid !== undefined && process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Records of a client that are not on the servers yet. */
async function entries(session: HttpSession): Promise<number> {
  const { logs } = await session.json({ method: 'GET', route: '/logs' }, logReportsSchema);
  expect(logs.map(({ conflict }) => conflict)).toEqual(logs.map(() => undefined));
  return logs.reduce((sum, log) => sum + log.entries, 0);
}

interface Work {
  readonly client: (typeof CLIENTS)[number];
  readonly stream: KilledStream;
  readonly here: string;
  readonly inCoda: string;
}

function works(random: (limit: number) => number): readonly Work[] {
  return CLIENTS.flatMap((client) =>
    Array.from({ length: STREAMS }, (_, number) => {
      const here = join(realm.directory, 'here', `${client}${number}`);
      mkdirSync(here, { recursive: true });
      const inCoda = `/test.realm/${client}${number}`;
      const files = new HttpFiles(sessions[client]);
      const own = { files, inCoda, here, onStep: () => undefined, random: randomFrom(random(2 ** 31)) };
      return { client, here, inCoda, stream: new KilledStream(own) };
    }),
  );
}

/**
 * Kills servers at moments that chance chooses, until all is done. One is spared: who reaches only a server that has just
 * come back, and no other, sees what that one knows.
 */
async function killServers(
  random: (limit: number) => number,
  spared: string,
  isDone: () => boolean,
): Promise<number> {
  const victims = SERVERS.filter((name) => name !== spared);
  let killed = 0;
  while (!isDone()) {
    // Often the others bring the one that has come back up to date just then.
    await sleep(random(600));
    if (killed < KILLS && (await kill(victims[random(victims.length)] ?? spared))) killed += 1;
  }
  return killed;
}

describe('servers that are killed at any moment of updates and resolutions', () => {
  it('lose nothing that clients did meanwhile, and end with the same', async () => {
    const random = randomFrom(SEED);
    const all = works(random);
    for (const { client, inCoda } of all) await new HttpFiles(sessions[client]).mkdir(inCoda, 0o755);
    let killed = 0;
    for (const spared of SERVERS) {
      let isDone = false;
      const killing = killServers(random, spared, () => isDone);
      const operations = OPERATIONS / all.length / SERVERS.length;
      await Promise.all(all.map(({ stream }) => stream.run(operations))).finally(async () => {
        isDone = true;
        killed += await killing;
      });
      for (const client of CLIENTS) await until(async () => (await entries(sessions[client])) === 0, SETTLED);
      for (const name of SERVERS) await until(async () => (await logged(realm.data, name)) === 0, SETTLED);
    }
    expect(killed).toBeGreaterThan(SERVERS.length);

    for (const client of CLIENTS)
      for (const { here, inCoda } of all)
        expect(await treeInCoda(new HttpFiles(sessions[client]), inCoda)).toEqual(treeHere(here));
    await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
    const [first, ...others] = [
      await storeOf(realm.data, 's1'),
      await storeOf(realm.data, 's2'),
      await storeOf(realm.data, 's3'),
    ];
    for (const other of others) expect(other).toEqual(first);
    process.stderr.write(
      `${OPERATIONS} operations, ${killed} kills, lost ${JSON.stringify(all.map(({ stream }) => stream.lost))}\n`,
    );
  }, 240_000);
});
