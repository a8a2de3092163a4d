import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodaError } from '../../src/ipc/errors.ts';
import type { NewEntry } from '../../src/ipc/hoard.ts';
import { HttpFiles } from '../../src/ipc/socket/httpFiles.ts';
import { HttpHoard } from '../../src/ipc/socket/httpHoard.ts';
import { HttpSession } from '../../src/ipc/socket/httpSession.ts';
import { daemonStatusSchema, emptySchema } from '../../src/ipc/socket/routes.ts';
import { Database } from '../../src/venus/store/database.ts';
import { Vnodes } from '../../src/venus/tree/vnodes.ts';
import { TestRealm, until } from '../e2e/support.ts';
import { ROOT, bytesOf, chunks, collect, sleep } from '../venus/support.ts';
import { type Random, randomFrom } from './randomTree.ts';

/** Files in the tree that is hoarded, and times that the client is killed in the middle of a walk. */
const FILES = Number(process.env['CODA_WALK_FILES'] ?? 300);
const KILLS = Number(process.env['CODA_WALK_KILLS'] ?? 3);
const SEED = Number(process.env['CODA_KILL_SEED'] ?? 20_261_121);
const PER_DIRECTORY = 50;
const LENGTH = 3000;
const WRITERS = 8;
const TIME_LIMIT = 60_000;
/** Milliseconds in which a kill comes. */
const MOMENT = 1500;

let realm: TestRealm;
let sessions: { readonly laptop: HttpSession; readonly desk: HttpSession };

async function start(...options: readonly string[]): Promise<void> {
  realm = await TestRealm.start('--processes', '--clients', 'laptop,desk', ...options);
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
  await makeTree();
}

const pathOf = (file: number) => `/test.realm/d${Math.floor(file / PER_DIRECTORY)}/f${file}`;
const contentsOf = (file: number) => `${file} `.repeat(LENGTH).slice(0, LENGTH);
const files = () => new HttpFiles(sessions.laptop);
const hoard = () => new HttpHoard(sessions.laptop);

/** Another client makes what is hoarded. */
async function makeTree(): Promise<void> {
  const maker = new HttpFiles(sessions.desk);
  for (let at = 0; at < FILES / PER_DIRECTORY; at++) await maker.mkdir(`/test.realm/d${at}`, 0o755);
  let next = 0;
  const write = async () => {
    for (let file = next++; file < FILES; file = next++)
      await maker.write(pathOf(file), chunks(contentsOf(file)), { mode: 0o644, exclusive: true });
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

const everything: NewEntry = {
  volume: ROOT,
  realm: 'test.realm',
  name: '.',
  priority: 500,
  expansion: 'descendants',
  exclude: [],
};

async function pidOf(name: string): Promise<number> {
  const status = await sessions.desk.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
  return status.processes.find((process) => process.name === name)?.pid ?? 0;
}

/** Kills the client with what it is doing. It comes back by itself. */
async function kill(): Promise<void> {
  const pid = await pidOf('laptop');
  process.kill(pid, 'SIGKILL');
  await hasComeBack(pid);
}

async function hasComeBack(killed: number): Promise<void> {
  await until(async () => ![0, killed].includes(await pidOf('laptop')), 30_000);
  await until(answers, 30_000);
}

async function answers(): Promise<boolean> {
  try {
    await hoard().facts();
    return true;
  } catch (error) {
    if (error instanceof CodaError) return false;
    throw error;
  }
}

/** Resolves with the number of files whose contents the client has. */
async function present(): Promise<number> {
  const state = hoard().state({ problems: false });
  let count = 0;
  for (let next = await state.next(); !next.done; next = await state.next())
    if (next.value.type === 'file' && next.value.state !== 'missing') count += 1;
  return count;
}

/** Ends all, and compares the containers of the client with what its tables say of them. */
async function checkStore(): Promise<number> {
  await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
  const directory = join(realm.data, 'clients', 'laptop');
  const database = await Database.open(directory);
  try {
    const named = new Map<number, number>();
    for (const vnode of new Vnodes(database).all())
      if (vnode.type === 'file' && vnode.container !== undefined) named.set(vnode.container, vnode.length);
    const containers = readdirSync(join(directory, 'containers'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [Number.parseInt(entry.name, 16), statSync(join(entry.parentPath, entry.name)).size]);
    expect(containers.sort(([one = 0], [other = 0]) => one - other)).toEqual(
      [...named].sort(([one], [other]) => one - other),
    );
    return named.size;
  } finally {
    await database.close();
  }
}

afterEach(async () => {
  await sessions.laptop.close();
  await sessions.desk.close();
  await realm.run('coda', ['down'], { env: { CODA_CLIENT: 'desk' } });
  await realm.end();
});

describe('a client that is killed in the middle of a walk', () => {
  beforeEach(() => start());

  it('goes on where it was: what has come is not fetched again, and at the end all is here', async () => {
    await hoard().add([everything]);
    const pid = await pidOf('laptop');
    let isKilled = false;
    const walk = hoard().walk(({ phase, done }) => {
      if (phase !== 'data' || done.objects === 0 || isKilled) return;
      process.kill(pid, 'SIGKILL');
      isKilled = true;
    });
    await expect(walk).rejects.toThrow(CodaError);
    await hasComeBack(pid);
    const kept = await present();
    expect(kept).toBeGreaterThan(0);
    const next = await hoard().walk(() => undefined);
    expect(next).toMatchObject({ result: 'done', unfetched: { objects: 0 } });
    expect(next.fetched.objects).toBe(FILES - kept);
    const cut = { cut: true, client: 'laptop', server: 's1' };
    await sessions.desk.json({ method: 'POST', route: '/realm/links', json: cut }, emptySchema);
    for (let file = 0; file < FILES; file += 7)
      expect(Buffer.from(await bytesOf(files().read(pathOf(file)))).toString()).toBe(contentsOf(file));
    expect((await collect(files().readdir('/test.realm/d0'))).length).toBe(Math.min(FILES, PER_DIRECTORY));
    expect(await checkStore()).toBe(FILES);
  });
});

describe('a client whose cache is too small for what it hoards', () => {
  beforeEach(() => start('--cache-size', '1M', '--cache-objects', '256'));

  it('has containers and tables that agree, whenever it is killed', async () => {
    const random = randomFrom(SEED);
    await hoard().add([everything, { ...everything, name: './d1', priority: 900 }]);
    const stop = new AbortController();
    const reading = readAtRandom(random, stop.signal);
    for (let at = 0; at < KILLS; at++) {
      const walk = hoard()
        .walk(() => undefined)
        .catch((error: unknown) => {
          if (!(error instanceof CodaError)) throw error;
        });
      await sleep(random(MOMENT));
      await kill();
      await walk;
    }
    stop.abort();
    await reading;
    expect(await checkStore()).toBeGreaterThan(0);
  });
});

/** Somebody who uses files meanwhile, so that others go. */
async function readAtRandom(random: Random, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      await bytesOf(files().read(pathOf(random(FILES))));
    } catch (error) {
      // It is killed from time to time, and walks may leave no room.
      if (!(error instanceof CodaError)) throw error;
      await sleep(20);
    }
  }
}
