import { beforeEach, describe, expect, it } from 'vitest';
import { errno } from '../../../../src/ipc/errno.ts';
import { VenusError } from '../../../../src/ipc/errors.ts';
import { Patience } from '../../../../src/venus/client/patience.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, REALM, ROOT, chunks, outcome, rootOf, until, useRealm } from '../../support.ts';
import { treeInCoda } from '../localTree.ts';

const TOP = '/test.realm';
const ANNA = 2000;

describe('a log that the servers do not take', () => {
  const realm = useRealm();
  const open = useClients(realm);
  let [one, two]: TestClient[] = [];
  const first = () => one ?? expect.fail('no client');
  const second = () => two ?? expect.fail('no client');

  beforeEach(async () => {
    one = await open('one');
    two = await open('two');
    await first().write(`${TOP}/f`, 'old');
    await first().write(`${TOP}/g`, 'old g');
    await second().read(`${TOP}/f`);
    await second().read(`${TOP}/g`);
  });

  const operations = (client = first()) => client.records().map(({ mutation }) => mutation.op);
  const force = async (client = first()) => client.manager.reintegrator.force(ROOT);
  const obstacle = (client = first()) => client.manager.reintegrator.obstacle(ROOT);

  /** The contents that the log keeps. */
  const unsent = async () => {
    const kept: string[] = [];
    for (const { container } of first().records()) {
      const file = container === undefined ? undefined : await first().manager.containers.open(container);
      if (file) kept.push((await file.readFile()).toString());
      await file?.close();
    }
    return kept;
  };

  describe('because of a conflict', () => {
    const EINCOMPATIBLE = 'EINCOMPATIBLE';

    const conflicting = async () => {
      await first().cut();
      await first().write(`${TOP}/before`, 'before');
      await first().write(`${TOP}/f`, 'mine');
      await first().write(`${TOP}/after`, 'after');
      await second().write(`${TOP}/f`, 'theirs');
      await first().heal();
      await until(() => obstacle() === 'conflict');
    };

    it('has the record marked that was refused, and keeps it with all that follow', async () => {
      await conflicting();
      const [head] = first().records();
      expect(head?.mutation.op).toBe('store');
      expect(head?.conflict).toMatchObject({ errno: errno(EINCOMPATIBLE) });
      expect(operations()).toEqual(['store', 'create', 'store']);
      expect(obstacle()).toBe('conflict');
      expect(await unsent()).toEqual(['mine', 'after']);
      expect(await first().read(`${TOP}/after`)).toBe('after');
    });

    it('has sent what came before, and changes nothing of what others have', async () => {
      await conflicting();
      expect(await second().read(`${TOP}/before`)).toBe('before');
      expect(await second().read(`${TOP}/f`)).toBe('theirs');
      expect(await outcome(second().read(`${TOP}/after`))).toBe('ENOENT');
    });

    it('keeps it through restarts and further tries', async () => {
      await conflicting();
      const before = first().records();
      await first().restart();
      await first().heal();
      await force();
      await first().restart();
      await force();
      expect(first().records()).toEqual(before);
      expect(await unsent()).toEqual(['mine', 'after']);
      expect(await second().read(`${TOP}/f`)).toBe('theirs');
    });

    it('takes further changes, which wait, but none of what is in conflict', async () => {
      await conflicting();
      expect(await outcome(first().write(`${TOP}/f`, 'mine again'))).toBe('EPERM');
      await first().write(`${TOP}/g`, 'my g');
      expect(operations()).toEqual(['store', 'create', 'store', 'store']);
      expect(await unsent()).toEqual(['mine', 'after', 'my g']);
      expect(await second().read(`${TOP}/g`)).toBe('old g');
    });

    it('is refused likewise when its answer is lost first', async () => {
      await first().cut();
      await first().write(`${TOP}/f`, 'mine');
      await second().write(`${TOP}/f`, 'theirs');
      first().link.loseAnswers(2);
      await first().heal();
      await until(() => obstacle() === 'conflict');
      expect([await unsent(), await second().read(`${TOP}/f`)]).toEqual([['mine'], 'theirs']);
    });

    it.each([
      ['both make a name', (client: TestClient) => client.files().mkdir(`${TOP}/new`, 0o755), 'EEXIST'],
      [
        'one removes what the other stores',
        (client: TestClient) => client.files().remove(`${TOP}/f`),
        'ENOENT',
      ],
      [
        'one moves what the other stores',
        (client: TestClient) => client.files().rename(`${TOP}/f`, `${TOP}/moved`),
        EINCOMPATIBLE,
      ],
    ] as const)('comes about when %s', async (_, change, why) => {
      await first().cut();
      await first().write(`${TOP}/new`, 'mine');
      await first().write(`${TOP}/f`, 'mine');
      await change(second());
      const theirs = await treeInCoda(second().files(), TOP);
      await first().heal();
      await until(() => first().records()[0]?.conflict !== undefined);
      expect(first().records()[0]?.conflict).toMatchObject({ errno: errno(why) });
      expect(await unsent()).toEqual(why === 'EEXIST' ? ['mine', 'mine'] : ['mine']);
      if (why === 'EEXIST') expect(await treeInCoda(second().files(), TOP)).toEqual(theirs);
    });

    it('is told as a lack of rights where that is in the way as well', async () => {
      await realm().addUser('anna');
      await first().login('anna', OPERATOR);
      const allow = (rights: number) => {
        const text = `2\n0\nanna ${rights}\noperator 127\n`;
        return second()
          .session()
          .setAcl({ fid: rootOf(ROOT), text });
      };
      await allow(127);
      await first().read(`${TOP}/f`);
      await first().cut();
      await first().write(`${TOP}/f`, 'mine');
      await second().write(`${TOP}/f`, 'theirs');
      await allow(9);
      await first().heal();
      await until(() => obstacle() === 'conflict');
      expect(first().records()[0]?.conflict).toMatchObject({ errno: errno('EACCES') });
      await allow(127);
      await force();
      expect(first().records()[0]?.conflict).toMatchObject({ errno: errno(EINCOMPATIBLE) });
    });

    it('does not come about for a new file that nobody may write to', async () => {
      await first().cut();
      const options = { mode: 0o444, exclusive: true };
      await first().files().write(`${TOP}/new`, chunks('mine'), options);
      await first().heal();
      await first().drained();
      expect(await second().read(`${TOP}/new`)).toBe('mine');
      expect(await second().files().lstat(`${TOP}/new`)).toMatchObject({ mode: 0o444 });
      for (const client of [first(), second()])
        expect(await outcome(client.write(`${TOP}/new`, 'more'))).toBe('EACCES');
    });

    it('does not come about for what is the same directory only', async () => {
      await first().cut();
      await first().files().remove(`${TOP}/g`);
      await first().write(`${TOP}/mine`, 'mine');
      await second().write(`${TOP}/theirs`, 'theirs');
      await second().files().rename(`${TOP}/f`, `${TOP}/f2`);
      await first().heal();
      await first().drained();
      expect(await first().names(TOP)).toEqual(['f2', 'mine', 'theirs']);
      expect(await second().names(TOP)).toEqual(['f2', 'mine', 'theirs']);
    });
  });

  describe('because of tokens', () => {
    beforeEach(async () => {
      await realm().addUser('anna');
      await first().login('anna', ANNA);
      const text = '2\n0\nanna 127\noperator 127\n';
      await first()
        .session()
        .setAcl({ fid: rootOf(ROOT), text });
      await first().names(TOP, ANNA);
      await first().names(TOP);
    });

    it('waits without one, for as long as it takes, and flows with a new one', async () => {
      await first().cut();
      await first().write(`${TOP}/f`, 'mine');
      await force();
      await first().manager.tokens.forget(OPERATOR, REALM);
      await first().heal();
      await force();
      expect([obstacle(), operations()]).toEqual(['no token', ['store']]);
      expect(await second().read(`${TOP}/f`)).toBe('old');
      await first().login('anna', OPERATOR);
      await force();
      expect(obstacle()).toBe('no token');
      await first().login('operator', OPERATOR);
      await until(() => first().log().entries === 0);
      expect(await second().read(`${TOP}/f`)).toBe('mine');
    });

    it('waits with an expired one', async () => {
      await first().cut();
      await first().write(`${TOP}/f`, 'mine');
      await force();
      realm().clock.advance(26 * 3_600_000);
      await first().heal();
      await force();
      expect([obstacle(), operations()]).toEqual(['no token', ['store']]);
      await first().login('operator', OPERATOR);
      await first().drained();
      await second().login('operator', OPERATOR);
      expect(await second().read(`${TOP}/f`)).toBe('mine');
    });

    it('keeps other users out, who are told whose it is and how long', async () => {
      await first().cut();
      await first().write(`${TOP}/f`, 'mine');
      const { owners } = first().manager;
      const began = Date.now();
      const refused = await owners.enter(ROOT, ANNA, new Patience(150)).catch((error: unknown) => error);
      expect(Date.now() - began).toBeGreaterThanOrEqual(90);
      expect(refused).toBeInstanceOf(VenusError);
      expect(refused).toMatchObject({ errno: errno('EAGAIN') });
      expect(refused).toHaveProperty(
        'why',
        expect.stringMatching(/uid 1000, with 1 entry that is not on the servers yet/),
      );
      expect(await first().read(`${TOP}/f`, ANNA)).toBe('mine');
    });

    it('lets another user go on as soon as it is empty', async () => {
      await first().cut();
      await first().write(`${TOP}/f`, 'mine');
      const hers = first().write(`${TOP}/hers`, 'hers', ANNA);
      await first().heal();
      await hers;
      expect(await second().read(`${TOP}/f`)).toBe('mine');
      expect(await second().read(`${TOP}/hers`)).toBe('hers');
      expect((await second().files().lstat(`${TOP}/hers`)).ownerName).toBe('anna');
    });
  });

  describe('while its maker waits', () => {
    const expectAsBefore = async (before: readonly string[]) => {
      expect(first().log().entries).toBe(0);
      expect(await treeInCoda(first().files(), TOP)).toEqual(before);
      expect(await treeInCoda(second().files(), TOP)).toEqual(before);
      await first().write(`${TOP}/g`, 'and it goes on');
      expect(await second().read(`${TOP}/g`)).toBe('and it goes on');
    };

    it('gives him the errno of the quota, and leaves the tree as it was', async () => {
      const { id } = realm().store.protection.user('operator');
      const before = await treeInCoda(second().files(), TOP);
      await realm().server.setVolumeStatus({
        credentials: realm().tokenOf(id),
        volume: ROOT,
        maxQuota: 8,
      });
      const large = 'x'.repeat(100_000);
      expect(await outcome(first().write(`${TOP}/f`, large))).toBe('EDQUOT');
      expect(await outcome(first().write(`${TOP}/new`, large))).toBe('EDQUOT');
      const half = 'x'.repeat(3500);
      const ends = ['h', 'i', 'j'].map((name) => outcome(first().write(`${TOP}/${name}`, half)));
      const found = await Promise.all(ends);
      expect(found.filter((end) => end === 'EDQUOT').length).toBeGreaterThan(0);
      for (const name of (await second().names(TOP)).filter((each) => 'hij'.includes(each)))
        await first().files().remove(`${TOP}/${name}`);
      await expectAsBefore(before);
    });

    it('gives him the errno of rights that he has no more, and leaves the tree as it was', async () => {
      await realm().addUser('anna');
      await first().login('anna', ANNA);
      const set = (text: string) =>
        second()
          .session()
          .setAcl({ fid: rootOf(ROOT), text });
      await set('2\n0\nanna 127\noperator 127\n');
      await first().names(TOP, ANNA);
      const before = await treeInCoda(second().files(), TOP);
      // The client does not hear of it before it has sent the change.
      first().link.before = async (name) => {
        if (name !== 'reintegrate') return;
        first().link.before = () => {};
        await set('2\n0\nanna 9\noperator 127\n');
      };
      expect(await outcome(first().write(`${TOP}/f`, 'hers', ANNA))).toBe('EACCES');
      await expectAsBefore(before);
    });
  });
});
