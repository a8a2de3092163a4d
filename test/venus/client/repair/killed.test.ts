import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import type { Repair } from '../../../../src/venus/client/repair/repair.ts';
import { SuddenDeath } from '../../../support/suddenDeath.ts';
import { type TestClient, noAnswer, useClients } from '../../../support/testClient.ts';
import { OPERATOR, ROOT, outcome, raise, rootOf, until, useRealm } from '../../support.ts';
import { treeInCoda } from '../localTree.ts';

vi.setConfig({ testTimeout: 30_000 });
const realm = useRealm();
const open = useClients(realm);
const object = '/test.realm/d';
let laptop: TestClient;
let desk: TestClient;
let death: SuddenDeath;
let before: { readonly records: unknown; readonly theirs: unknown };

/** A directory made twice with different files in it, a file stored twice that both stored, and one that one removed. */
beforeEach(async () => {
  death = new SuddenDeath(join(realm().directory, 'clients', 'laptop'));
  [laptop, desk] = [await open('laptop'), await open('desk')];
  await laptop.files().mkdir(object, 0o755);
  for (const name of ['paper', 'gone']) await laptop.write(`${object}/${name}`, `old ${name}`);
  await laptop.names(object);
  await laptop.cut();
  await laptop.files().mkdir(`${object}/figs`, 0o755);
  await laptop.write(`${object}/figs/mine`, 'my figure');
  await laptop.write(`${object}/paper`, 'my first paper');
  // It may have gone out, so that the next one does not take its place.
  const sequence = laptop.records().at(-1)?.sequence ?? raise('nothing was logged');
  await laptop.manager.tree.noteSent(ROOT, sequence);
  await laptop.write(`${object}/paper`, 'my second paper');
  await laptop.files().remove(`${object}/gone`);
  await desk.files().mkdir(`${object}/figs`, 0o755);
  await desk.write(`${object}/figs/theirs`, 'their figure');
  await desk.write(`${object}/paper`, 'their paper');
  await desk.write(`${object}/gone`, 'their version');
  await laptop.heal();
  await until(() => laptop.manager.reintegrator.obstacle(ROOT) === 'conflict');
  before = { records: laptop.records(), theirs: await treeInCoda(desk.files(), object) };
});
afterEach(() => death.end());

const result = {
  figs: ['mine my figure', 'theirs their figure'],
  paper: 'my second paper',
  names: ['figs', 'paper'],
};

async function fidOfObject(): Promise<Fid> {
  return (await laptop.session().lookup(rootOf(ROOT), 'd')).fid;
}

async function session(): Promise<Repair> {
  const fid = await fidOfObject();
  return (await laptop.manager.repairs.begin(fid, OPERATOR)).repair;
}

/** Decides about all that is left, as if nothing had been decided. */
async function decideRest(repair: Repair): Promise<void> {
  while ((await repair.preserve({ onConflict: 'replace' })).kind === 'done');
}

const preserve = async (): Promise<unknown> => await (await session()).preserve({ onConflict: 'replace' });

interface Killing {
  /** Those of a session up to the one in which venus is killed. */
  readonly steps: readonly (() => Promise<unknown>)[];
  /** After how many transactions of that one. */
  readonly after: readonly number[];
}

const decided = Array.from({ length: 5 }, () => preserve);
const commit = async (): Promise<unknown> => (await session()).commit();

const killings: Readonly<Record<string, Killing>> = {
  'is begun': { steps: [session], after: [1, 2] },
  'takes a directory for its own': { steps: [preserve], after: [1, 2, 3, 4, 5] },
  'makes a file in it': { steps: [preserve, preserve], after: [1, 2, 4, 6] },
  'stores a file for the second time': { steps: decided, after: [1, 2, 3] },
  'leaves a mutation out': { steps: [preserve, async () => (await session()).discard()], after: [1, 2] },
  'skips a mutation': { steps: [preserve, async () => (await session()).skip()], after: [1, 2] },
  'takes a decision back': { steps: [...decided, async () => (await session()).undo()], after: [1, 2, 3] },
  'is aborted': { steps: [...decided, async () => (await session()).abort()], after: [1] },
  'is committed': { steps: [async () => decideRest(await session()), commit], after: [1, 2, 3, 4] },
  'is committed by the servers, whose answer is lost': {
    steps: [
      async () => decideRest(await session()),
      async () => {
        laptop.link.loseAnswers();
        return commit();
      },
    ],
    after: [Infinity],
  },
};

/** Kills venus in the last of some steps when so many transactions have been written. @returns whether it came to that */
async function killIn(work: readonly (() => Promise<unknown>)[], transactions: number): Promise<boolean> {
  for (const step of work.slice(0, -1)) await step();
  await laptop.manager.reintegrator.kick(ROOT);
  death.after(transactions);
  laptop.link.before = () => {
    if (death.isDead) noAnswer();
  };
  await work
    .at(-1)?.()
    .catch(() => undefined);
  const wasKilled = death.isDead;
  await laptop.restart(() => {
    laptop.link.before = () => undefined;
    death.revive();
  });
  return wasKilled;
}

async function expectSettled(names: readonly string[] = result.names): Promise<void> {
  expect(laptop.log().entries).toBe(0);
  for (const client of [desk, laptop]) {
    expect(await client.names(object)).toEqual(names);
    const figs = await client.names(`${object}/figs`);
    const contents = await Promise.all(figs.map((name) => client.read(`${object}/figs/${name}`)));
    expect(figs.map((name, at) => `${name} ${contents[at]}`)).toEqual(result.figs);
    expect(await client.read(`${object}/paper`)).toBe(result.paper);
  }
}

async function isExpanded(): Promise<boolean> {
  return laptop.manager.repairs.of(await fidOfObject()) !== undefined;
}

describe.each(Object.entries(killings))(
  'venus that is killed while a session %s',
  (name, { steps, after }) => {
    const isCommit = name.startsWith('is committed');

    it.each(after)('after %d transactions can go on with it', async (transactions) => {
      expect(await killIn(steps, transactions)).toBe(transactions < Infinity);
      if (isCommit && !(await isExpanded())) return expectSettled();
      const repair = await session();
      if (!isCommit) await takeBackWhatWasLeftOut(repair);
      if (!isCommit) await decideRest(repair);
      expect((await repair.commit()).kind).toBe('done');
      await expectSettled();
    });

    it.each(after)('after %d transactions can leave it', async (transactions) => {
      await killIn(steps, transactions);
      const ended = (await isExpanded()) ? await outcome((await session()).abort()) : 'done';
      if (laptop.log().entries === 0) {
        expect(isCommit).toBe(true);
        return expectSettled();
      }
      expect(ended).toBe('done');
      expect(await isExpanded()).toBe(false);
      expect(laptop.records()).toEqual(before.records);
      expect(await treeInCoda(desk.files(), object)).toEqual(before.theirs);
      // Nothing of what was decided before comes back in the next session.
      await session();
      expect(await laptop.names(`${object}/global`)).toEqual(['figs', 'gone', 'paper']);
      expect(await laptop.read(`${object}/global/paper`)).toBe('their paper');
      expect(await laptop.read(`${object}/local/paper`)).toBe('my second paper');
    });
  },
);

describe('venus that is killed while somebody writes below global during a decision', () => {
  it.each([2, 3, 4, 5, 6, 7, 8, 9])('after %d transactions has what it said was there', async (after) => {
    const said: string[] = [];
    let byHand: Promise<void> | undefined;
    const decideMeanwhile = async (): Promise<void> => {
      const { before } = laptop.link;
      // The decision is under way when it asks the servers.
      laptop.link.before = async (name) => {
        laptop.link.before = before;
        byHand = laptop.write(`${object}/global/notes`, 'by hand').then(() => void said.push('written'));
        await Promise.race([byHand, sleep(300)]);
        await before(name);
      };
      await preserve();
      await byHand;
    };
    await killIn([session, () => laptop.names(object), decideMeanwhile], after);
    expect(byHand).toBeDefined();
    await byHand?.catch(() => undefined);
    const repair = await session();
    // What was not said may be there or not.
    const names = await laptop.names(`${object}/global`);
    const isSaid = said.length > 0;
    const isThere = names.includes('notes');
    if (isSaid) expect(await laptop.read(`${object}/global/notes`)).toBe('by hand');
    await decideRest(repair);
    if (isThere && !isSaid) await laptop.files().remove(`${object}/global/notes`);
    expect((await repair.commit()).kind).toBe('done');
    await expectSettled(isSaid ? ['figs', 'notes', 'paper'] : result.names);
  });
});

async function takeBackWhatWasLeftOut(repair: Repair): Promise<void> {
  const { mutations } = await repair.document(true);
  if (mutations.some(({ decision }) => decision === 'discarded' || decision === 'skipped'))
    await repair.undo();
}
