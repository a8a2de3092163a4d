import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpSession } from '../../src/ipc/socket/httpSession.ts';
import { daemonStatusSchema } from '../../src/ipc/socket/routes.ts';
import { PartedServers } from '../e2e/partedServers.ts';
import { bin, finish, until } from '../e2e/support.ts';
import type { Client } from '../e2e/twoClients.ts';
import { sleep } from '../venus/support.ts';
import { randomFrom } from './randomTree.ts';
import { logged, storeOf } from './serverStores.ts';

const SEED = Number(process.env['CODA_KILL_SEED'] ?? 20_261_121);
const KILLS = Number(process.env['CODA_KILL_REPAIRS'] ?? 3);
const SERVERS = ['s1', 's2', 's3'] as const;
const NAMES = ['a', 'b', 'c'];
const KEEP_BOTH = ['resolve', '--all', '--keep', 'both'];
const SETTLED = 60_000;

let servers: PartedServers;
let status: HttpSession;
beforeEach(async () => {
  servers = await PartedServers.start('--processes');
  const socket = join(servers.realm.directory, 'run', 'coda', 'desk.sock');
  status = new HttpSession(socket, { timeLimit: 30_000, uid: undefined });
}, 120_000);
afterEach(async () => {
  await status.close();
  await servers.end();
});

/** Kills a server with what it is doing. It comes back by itself. */
async function kill(name: string): Promise<void> {
  const { processes } = await status.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
  const pid = processes.find((process) => process.name === name)?.pid;
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

const allUp = async (client: Client): Promise<boolean> =>
  (await client.run('cfs', ['checkservers'])).stdout.includes('All servers up');

/** A directory in which both made the same names, and a file that both wrote. */
async function makeConflicts(directory: string): Promise<readonly string[]> {
  const { laptop } = servers;
  await laptop.mkdir(directory);
  await laptop.write(`${directory}/shared`, 'before');
  const texts: string[] = [];
  await servers.parted(async (...clients) => {
    for (const client of clients)
      for (const name of [...NAMES, 'shared']) {
        const text = `${client.name} ${directory}/${name} `.repeat(2000);
        await client.write(`${directory}/${name}`, text);
        texts.push(text);
      }
  });
  for (const client of [servers.laptop, servers.desk]) await until(() => allUp(client), SETTLED);
  return texts;
}

describe('a server that is killed in the midst of a repair', () => {
  it('is repaired with the others when it is back: nothing is lost, and all have the same', async () => {
    const random = randomFrom(SEED);
    const { laptop, desk, realm } = servers;
    let interrupted = 0;
    for (let count = 0; count < KILLS; count++) {
      const directory = `d${count}`;
      const texts = await makeConflicts(directory);
      const victim = SERVERS[count % SERVERS.length] ?? 's1';
      const env = { ...realm.env, ...laptop.env };
      const resolving = finish(spawn(join(bin, 'coda'), KEEP_BOTH, { env }));
      await sleep(200 + random(800));
      await kill(victim);
      if ((await resolving).status !== 0) interrupted += 1;
      for (const client of [laptop, desk]) await until(() => allUp(client), SETTLED);
      await until(async () => {
        // What was under repair when the tool gave up is shown expanded until somebody ends that.
        await laptop.run('cfs', ['endrepair', directory]);
        await laptop.run('cfs', ['endrepair', `${directory}/shared`]);
        return (await laptop.run('coda', KEEP_BOTH)).status === 0;
      }, SETTLED);
      for (const client of [laptop, desk]) {
        const found = Object.values(await client.tree(directory));
        expect(found.sort(), victim).toEqual([...texts].sort());
      }
    }
    for (const name of SERVERS) await until(async () => (await logged(realm.data, name)) === 0, SETTLED);
    await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
    const [first, ...others] = [
      await storeOf(realm.data, 's1'),
      await storeOf(realm.data, 's2'),
      await storeOf(realm.data, 's3'),
    ];
    for (const other of others) expect(other).toEqual(first);
    process.stderr.write(`${KILLS} servers killed, ${interrupted} repairs told that they did not end\n`);
  }, 240_000);
});
