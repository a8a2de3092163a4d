import { beforeEach, describe, expect, it } from 'vitest';
import { type TestClient, noAnswer, useClients } from '../../../support/testClient.ts';
import { ROOT, outcome, sleep, useRealm } from '../../support.ts';
import { treeInCoda } from '../localTree.ts';

const TOP = '/test.realm';

describe('a client that is cut off', () => {
  const realm = useRealm();
  const open = useClients(realm);
  let opened: TestClient | undefined;
  const client = () => opened ?? expect.fail('no client');

  beforeEach(async () => {
    opened = await open('one');
    await client().files().mkdir(`${TOP}/d`, 0o755);
    await client().write(`${TOP}/d/old`, 'old contents');
    await client().write(`${TOP}/d/victim`, 'victim');
    await client().files().mkdir(`${TOP}/d/empty`, 0o755);
  });

  /** Every kind of mutation, each on something that was there and on something that is new. */
  const changeAll = async () => {
    const files = client().files();
    await files.mkdir(`${TOP}/new`, 0o750);
    await files.mkdir(`${TOP}/new/sub`, 0o700);
    await client().write(`${TOP}/new/caf\udce9`, 'new contents');
    await client().write(`${TOP}/new/large`, Buffer.alloc(600_000, 'abc'));
    await client().write(`${TOP}/new/empty`, '');
    await files.symlink(`${TOP}/new/link`, '../d/old');
    await files.link(`${TOP}/new/caf\udce9`, `${TOP}/new/second name`);
    await client().write(`${TOP}/d/old`, 'stored once');
    await client().write(`${TOP}/new/link`, 'stored twice');
    await files.setattr(`${TOP}/d/old`, { mode: 0o640 });
    await files.setattr(`${TOP}/new`, { mode: 0o711, modified: 1_111_111_111_000 });
    await files.setattr(`${TOP}/d/old`, { modified: 999_999_999_000 });
    await files.rename(`${TOP}/new/large`, `${TOP}/d/victim`);
    await files.rename(`${TOP}/new/sub`, `${TOP}/d/empty`);
    await client().write(`${TOP}/d/empty/below`, 'below');
    await client().write(`${TOP}/passing`, 'passing');
    await files.remove(`${TOP}/passing`);
    await files.remove(`${TOP}/new/second name`);
    await files.rename(`${TOP}/new`, `${TOP}/d/moved`);
    await files.link(`${TOP}/d/old`, `${TOP}/d/older`);
    await files.setattr(`${TOP}/d/moved/empty`, { owner: await operator() });
  };

  const operator = () => Promise.resolve(realm().store.protection.user('operator').id);

  const changed = [
    '/d/empty/below: file 644 1 of 5 below',
    '/d/empty: directory 700 2 ',
    '/d/moved/caf\udce9: file 644 1 of 12 new contents',
    '/d/moved/empty: file 644 1 of 0 ',
    '/d/moved/link: symlink of 8 ../d/old',
    '/d/moved: directory 711 2 ',
    '/d/old: file 640 2 of 12 stored twice',
    '/d/older: file 640 2 of 12 stored twice',
    `/d/victim: file 644 1 of 600000 ${'abc'.repeat(200_000)}`,
    '/d: directory 755 4 ',
  ];

  const times = async (of: TestClient) => {
    const found = ['d/old', 'd/moved'].map((path) => of.files().lstat(`${TOP}/${path}`));
    return (await Promise.all(found)).map(({ modified }) => modified);
  };

  /** All that was changed is on the server, once, and the client knows what the server has. */
  const expectChanged = async () => {
    await client().drained();
    const fresh = await open('fresh');
    expect(await treeInCoda(fresh.files(), TOP)).toEqual(changed);
    expect(await treeInCoda(client().files(), TOP)).toEqual(changed);
    expect(await times(fresh)).toEqual(await times(client()));
    expect(client().log()).toEqual({ entries: 0, bytes: 0, owner: undefined });
  };

  it('changes what it has, and sees it', async () => {
    await client().cut();
    await changeAll();
    expect(await treeInCoda(client().files(), TOP)).toEqual(changed);
    expect(client().log()).toMatchObject({ owner: 1000 });
    const other = await open('other');
    expect(await other.names(`${TOP}/d`)).toEqual(['empty', 'old', 'victim']);
    expect(await other.read(`${TOP}/d/old`)).toBe('old contents');
  });

  it('sends all of it when it is healed', async () => {
    await client().cut();
    await changeAll();
    await client().heal();
    await expectChanged();
  });

  it('sends all of it by itself, without being told that it is healed', async () => {
    await client().cut();
    await changeAll();
    realm().network.heal('one', 's1');
    const end = Date.now() + 5000;
    while (client().log().entries > 0 && Date.now() < end) await sleep(20);
    await expectChanged();
  });

  it.each([1, 2, 5])('applies it once, though %i answers are lost', async (lost) => {
    await client().cut();
    await changeAll();
    client().link.loseAnswers(lost);
    await client().heal();
    await expectChanged();
  });

  it('applies it once, if the way is cut between the commit and the answer', async () => {
    await client().cut();
    await changeAll();
    client().link.after = (name) => {
      if (name === 'reintegrate') realm().network.cut('one', 's1');
      if (name === 'reintegrate') noAnswer();
    };
    await client().heal();
    await client().manager.reintegrator.force(ROOT);
    expect(client().log().entries).toBeGreaterThan(0);
    client().link.after = () => {};
    await client().write(`${TOP}/d/old`, 'stored thrice');
    await client().write(`${TOP}/d/old`, 'stored twice');
    await client().files().setattr(`${TOP}/d/old`, { modified: 999_999_999_000 });
    await client().heal();
    await expectChanged();
  });

  it('is restarted before it is healed', async () => {
    await client().cut();
    await changeAll();
    const before = client().records();
    await client().restart();
    expect(client().records()).toEqual(before);
    expect(await treeInCoda(client().files(), TOP)).toEqual(changed);
    await client().heal();
    await expectChanged();
  });

  it('is restarted when the server has all of it, and has not answered', async () => {
    await client().cut();
    await changeAll();
    client().link.loseAnswers(Infinity);
    await client().heal();
    await client().manager.reintegrator.force(ROOT);
    expect(client().log().entries).toBeGreaterThan(0);
    client().link.loseAnswers(0);
    await client().restart();
    await expectChanged();
  });

  it('is restarted between its changes', async () => {
    await client().cut();
    await client().write(`${TOP}/d/f`, 'before');
    await client().restart();
    await client().write(`${TOP}/d/f`, 'between');
    await client().files().mkdir(`${TOP}/d/g`, 0o755);
    await client().restart();
    await client().files().rename(`${TOP}/d/f`, `${TOP}/d/g/f`);
    await client().write(`${TOP}/d/g/f`, 'after');
    await client().restart();
    await client().heal();
    await client().drained();
    expect(await (await open('fresh')).read(`${TOP}/d/g/f`)).toBe('after');
    expect(client().log().entries).toBe(0);
  });

  it('is restarted with an empty log, and makes objects with fids of its own again', async () => {
    await client().cut();
    await client().write(`${TOP}/one`, '1');
    await client().heal();
    await client().drained();
    await client().restart();
    await client().names(TOP);
    await client().cut();
    await client().write(`${TOP}/two`, '2');
    await client().heal();
    await client().drained();
    const fresh = await open('fresh');
    expect([await fresh.read(`${TOP}/one`), await fresh.read(`${TOP}/two`)]).toEqual(['1', '2']);
  });

  it('cuts and heals in the middle of the sending', async () => {
    await client().cut();
    const names = Array.from({ length: 250 }, (_, at) => `n${at}`);
    for (const name of names) await client().write(`${TOP}/d/${name}`, name);
    let calls = 0;
    client().link.before = () => {
      calls += 1;
      if (calls === 60 || calls === 200) noAnswer();
    };
    client().link.after = () => {
      if (calls === 130 || calls === 370) noAnswer();
    };
    await client().heal();
    const end = Date.now() + 20_000;
    while (client().log().entries > 0 && Date.now() < end) await client().manager.reintegrator.force(ROOT);
    client().link.before = client().link.after = () => {};
    expect(client().log().entries).toBe(0);
    const fresh = await open('fresh');
    for (const name of names) expect(await fresh.read(`${TOP}/d/${name}`)).toBe(name);
  });

  it('merges its new names with those that others made in the same directory', async () => {
    const other = await open('other');
    await client().cut();
    await client().write(`${TOP}/d/mine`, 'mine');
    await other.write(`${TOP}/d/theirs`, 'theirs');
    await other.files().remove(`${TOP}/d/victim`);
    await client().heal();
    await client().drained();
    const names = ['empty', 'mine', 'old', 'theirs'];
    expect(await client().names(`${TOP}/d`)).toEqual(names);
    expect(await other.names(`${TOP}/d`)).toEqual(names);
    expect(await client().read(`${TOP}/d/theirs`)).toBe('theirs');
  });

  it('refuses what the servers would refuse, and logs none of it', async () => {
    await client().cut();
    const { entries } = client().log();
    const files = client().files();
    expect(await outcome(files.mkdir(`${TOP}/d`, 0o755))).toBe('EEXIST');
    expect(await outcome(files.remove(`${TOP}/d`))).toBe('ENOTEMPTY');
    expect(await outcome(files.rename(`${TOP}/d`, `${TOP}/d/empty/d`))).toBe('EINVAL');
    expect(await outcome(files.rename(`${TOP}/d/old`, `${TOP}/d/empty`))).toBe('EISDIR');
    expect(await outcome(files.link(`${TOP}/d/old`, `${TOP}/elsewhere`))).toBe('EXDEV');
    expect(await outcome(client().write(`${TOP}/none/f`, 'x'))).toBe('ENOENT');
    expect(client().log().entries).toBe(entries);
  });
});
