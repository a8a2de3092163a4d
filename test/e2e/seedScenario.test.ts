import { afterAll, beforeAll, expect, it } from 'vitest';
import { HttpFiles } from '../../src/ipc/socket/httpFiles.ts';
import { HttpSession } from '../../src/ipc/socket/httpSession.ts';
import { TestRealm, until } from './support.ts';

/** As many as in the report that this is about: each file is made, and stored. */
const ENTRIES = 4914;
const IN_FLIGHT = 32;

let realm: TestRealm;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('jan', '--administrator');
  await realm.login('jan');
  await realm.ok('coda', ['mkdir', 'work']);
  await realm.ok('cfs', ['wd', '-age', '7200', '.']);
  await makeFiles(ENTRIES / 2);
  await realm.ok('cunlog', []);
}, 120_000);
afterAll(() => realm.end());

async function makeFiles(count: number): Promise<void> {
  const http = new HttpSession(realm.socket, { timeLimit: 60_000, uid: undefined });
  const files = new HttpFiles(http);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < count; at = next++)
      await files.write(`/test.realm/work/file${at}`, once(`contents ${at}\n`), {
        mode: 0o644,
        exclusive: true,
      });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  await http.close();
}

/** Resolves when doctor has told how far it has come; the first look may be before the first record goes. */
function untilSeenSending(): Promise<void> {
  const says =
    /"cause": "sending",\s+"why": "It is being sent at this moment: \d+ of 4914 changes are out\."/;
  return until(async () => says.test(await realm.ok('coda', ['doctor', '--json'])), 60_000);
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

it('4,914 entries are stuck since their owner has no token: it is said in one sentence, and clog is enough', async () => {
  await realm.ok('cfs', ['wr', '.']);
  expect(await realm.run('cfs', ['fr', '.'])).toMatchObject({
    status: 4,
    stdout: `${ENTRIES} CML entries remaining for volume /\n`,
  });
  const uid = process.getuid?.() ?? 0;
  const report = await realm.ok('coda', ['doctor']);
  expect(report).toMatch(
    new RegExp(`^/coda/test\\.realm: ${ENTRIES} changes are not on the servers \\(.*\\)\n`),
  );
  expect(report.split('\n').slice(1)).toEqual([
    `  why:  It waits since its owner, uid ${uid} (jan), has no token. With one it goes out by itself.`,
    '  next: clog jan@test.realm',
    '',
  ]);

  await realm.login('jan');
  const seen = untilSeenSending();
  const waited = await realm.run('coda', ['pending', '--wait', '--timeout', '5m']);
  expect(waited).toMatchObject({ status: 0, stdout: '' });
  expect(waited.stderr).toMatch(/^(\d+ of \d+ changes are out\n)+$/);
  const progress = [...waited.stderr.matchAll(/^(\d+) of/gm)].map(([, done]) => Number(done));
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  await seen;

  expect(await realm.ok('coda', ['doctor'])).toBe('No problems: all changes are on the servers.\n');
  expect((await realm.ok('coda', ['ls', 'work'])).trimEnd().split('\n')).toHaveLength(ENTRIES / 2);
  expect(await realm.ok('coda', ['cat', `work/file${ENTRIES / 2 - 1}`])).toBe(
    `contents ${ENTRIES / 2 - 1}\n`,
  );
}, 300_000);
