import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/commands/coda/isRunning.ts';
import { TestRealm, bin, finish, until } from '../e2e/support.ts';

const DIRECTORIES = 1000;
const ROUNDS = 4;

let realm: TestRealm;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('raiff', '--administrator');
  await realm.addUser('jan');
  await realm.login('raiff');
  const names = Array.from({ length: DIRECTORIES - 11 }, (_, at) => `tree/d${at % 10}/e${at}`);
  await realm.ok('coda', ['mkdir', '-p', ...names]);
}, 60_000);
afterAll(() => realm.end());

/** The access list of every directory of the tree, as text. */
async function allLists(): Promise<readonly string[]> {
  const listing = await realm.ok('cfs', ['la', '-R', 'tree']);
  return listing
    .split(/^\n(?=tree)/m)
    .filter((block) => block !== '')
    .map((block) => block.slice(block.indexOf('\n') + 1));
}

describe('venus, killed while a thousand access lists are set', () => {
  it('leaves every directory with its old or its new list, and keeps what it acknowledged', async () => {
    let rights = 'rl';
    await realm.ok('cfs', ['sa', '-R', 'tree', 'jan', rights]);
    const [old = ''] = await allLists();
    const partly: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = (await allLists())[0] ?? '';
      const next = rights === 'rl' ? 'rlidw' : 'rl';
      const after = before.replace(`jan  ${rights.padEnd(8)}`, `jan  ${next.padEnd(8)}`);
      expect(after).not.toBe(before);
      const setting = spawn(join(bin, 'cfs'), ['sa', '-R', '--json', 'tree', 'jan', next], {
        env: { ...realm.env },
        stdio: 'pipe',
      });
      const finished = finish(setting);
      await new Promise((resolve) => setTimeout(resolve, 250 + round * 60));
      process.kill(realm.pid, 'SIGKILL');
      const { stdout } = await finished;
      await until(() => !isRunning(realm.pid));
      await realm.up();

      const lists = await allLists();
      expect(lists).toHaveLength(DIRECTORIES);
      expect(new Set([...lists, before, after])).toEqual(new Set([before, after]));
      const changed = lists.filter((list) => list === after).length;
      const acknowledged = stdout.split('\n').filter((line) => line.includes('"changed":true')).length;
      expect(changed).toBeGreaterThanOrEqual(acknowledged);
      partly.push(changed);
      await realm.ok('cfs', ['sa', '-R', 'tree', 'jan', next]);
      expect(new Set(await allLists())).toEqual(new Set([after]));
      rights = next;
    }
    expect(old).toContain('jan  rl');
    // At least one of the kills came in the middle; otherwise this test shows nothing.
    expect(partly.some((count) => count > 0 && count < DIRECTORIES)).toBe(true);
  }, 120_000);
});
