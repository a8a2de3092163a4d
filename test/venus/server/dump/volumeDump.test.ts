import { describe, expect, it, vi } from 'vitest';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Fid } from '../../../../src/ipc/fid.ts';
import { FRAGMENT } from '../../../../src/venus/net/fileProtocol.ts';
import { ROOT, outcome, raise, rootOf, serverDirectoryOf, useRealm } from '../../support.ts';
import { randomFrom } from '../../../fault/randomTree.ts';
import { Caller } from '../caller.ts';
import { useBackup } from './backup.ts';

// The order counts: the backup has to see the realm's stores being opened.
const backup = useBackup(() => realm());
const realm = useRealm();

/** A volume with one of everything. */
async function volumeOfAll(): Promise<{ readonly volume: number; readonly operator: Caller }> {
  const volume = await realm().mountVolume('u.all', 100_000);
  const operator = Caller.as(realm(), 'operator');
  const root = rootOf(volume);
  const jan = await realm().addUser('jan');
  await realm().store.protection.addGroup('friends', ['jan']);
  const directory = await operator.mkdir(root, 'directory');
  const inner = await operator.mkdir(directory, 'inner', 0o700);
  await operator.create(inner, 'empty');
  await operator.setAcl(inner, '2\n1\nfriends 127\nSystem:AnyUser 8\njan 2\n');
  const file = await operator.create(directory, 'file', 'contents of a file');
  await operator.link(directory, 'other name', file);
  await operator.symlink(root, 'link', 'directory/file');
  await operator.symlink(root, 'no UTF-8: \udcff\udc80', 'to: \udcfe');
  await operator.create(root, '\udcff name \n\u001b[31m', 'strange');
  await operator.change(file, { mode: 0o4751, modified: 123_456_789.5, owner: jan });
  const messages = { offlineMessage: 'off', messageOfTheDay: 'of the day \udcff' };
  const { credentials } = operator;
  await realm().server.setVolumeStatus({ credentials, volume, minQuota: 7, ...messages });
  return { volume, operator };
}

describe('a volume that is dumped and restored', () => {
  it('is the same: tree, names, access lists, owners, modes, times, versions, quota, messages, contents', async () => {
    const { volume } = await volumeOfAll();
    const { volume: restored, report } = await backup().restore(await backup().dump(volume), 'u.again');
    expect(backup().state(restored)).toEqual(backup().state(volume));
    expect(report).toMatchObject({ kind: 'full', unknown: [], damageCount: 0, lostObjects: 0n });
    expect(report.counters).toMatchObject({ directories: 3n, files: 3n, symlinks: 2n, names: 8n });
    expect(backup().problems()).toEqual([]);
  });

  it('can be used as any other, by its new name', async () => {
    const { volume } = await volumeOfAll();
    await backup().restore(await backup().dump(volume), 'u.again');
    const root = rootOf((await realm().realmServer.locateVolume({ name: 'u.again' })).location?.id ?? 0);
    const operator = Caller.as(realm(), 'operator');
    await operator.create(root, 'new', 'made afterwards');
    await operator.remove(root, 'link');
    expect(backup().problems()).toEqual([]);
  });

  it('may be full beyond its quota', async () => {
    const { volume, operator } = await volumeOfAll();
    const { credentials } = operator;
    await realm().server.setVolumeStatus({ credentials, volume, maxQuota: 1 });
    const { volume: restored } = await backup().restore(await backup().dump(volume), 'u.again');
    expect(backup().state(restored)).toEqual(backup().state(volume));
  });

  it('keeps holes as holes', async () => {
    const volume = await realm().mountVolume('u.sparse');
    const operator = Caller.as(realm(), 'operator');
    const fid = await operator.create(rootOf(volume), 'sparse');
    const { server } = realm();
    const { handle } = await server.openStore({ fid });
    for (const bytes of [
      Buffer.from('start'),
      ...Array.from({ length: 100 }, () => new Uint8Array(FRAGMENT)),
      Buffer.from('end'),
    ])
      await server.storeFragment({ handle, bytes });
    const length = 100 * FRAGMENT + 8;
    await operator.performSent(volume, [{ op: 'store', fid, length }], [handle]);
    const dump = await backup().dump(volume);
    expect(dump.length).toBeLessThan(300_000);
    const { volume: restored } = await backup().restore(dump, 'u.again');
    expect(backup().state(restored)).toEqual(backup().state(volume));
    const containers = join(serverDirectoryOf(realm().directory), 'containers', '0000');
    // The last container that was made is that of the restored file.
    expect(statSync(join(containers, '00000002')).blocks).toBeLessThanOrEqual(300);
  });

  it('is dumped as a whole where a directory and a file have very many names', async () => {
    const volume = await realm().mountVolume('u.many');
    const operator = Caller.as(realm(), 'operator');
    const root = rootOf(volume);
    const file = await operator.create(root, 'file');
    const names = Array.from({ length: 700 }, (_, at) => `${at}`.padStart(200, 'n'));
    const links = names.map((name) => ({ op: 'link', parent: root, name, fid: file }) as const);
    await operator.perform(volume, links);
    const { volume: restored } = await backup().restore(await backup().dump(volume), 'u.again');
    expect(backup().state(restored)).toEqual(backup().state(volume));
  });

  it('takes the number that it had if the realm has never given it to another volume', async () => {
    const { realmServer } = realm();
    const { id } = await realmServer.reserveVolume({ name: 'u.a', wanted: 0x7f00_0100 });
    expect(id).toBe(0x7f00_0100);
    const next = await realmServer.reserveVolume({ name: 'u.b', wanted: 0x7f00_0100 });
    const leap = await realmServer.reserveVolume({ name: 'u.c', wanted: 0x7fff_ffff });
    expect([next.id, leap.id]).toEqual([0x7f00_0101, 0x7f00_0102]);
  });
});

describe('users and groups of a dump', () => {
  it('are those of the same name, whatever their ids', async () => {
    const { volume } = await volumeOfAll();
    const dump = await backup().dump(volume);
    await realm().store.protection.removeUser('jan');
    await realm().store.protection.removeGroup('friends', []);
    await realm().store.protection.addGroup('friends', []);
    const jan = await realm().addUser('jan');
    const { volume: restored, report } = await backup().restore(dump, 'u.again');
    const operator = Caller.as(realm(), 'operator');
    const directory = await operator.lookup(rootOf(restored), 'directory');
    const file = await operator.lookup(directory.fid, 'file');
    const inner = await operator.lookup(directory.fid, 'inner');
    expect([file.owner, report.unknown]).toEqual([jan, []]);
    expect(await operator.acl(inner.fid)).toContain('friends\t127');
  });

  it('keep their numbers if nobody can get those any more, and are told', async () => {
    const { volume } = await volumeOfAll();
    const dump = await backup().dump(volume);
    const { id } = realm().store.protection.user('jan');
    await realm().store.protection.removeUser('jan');
    const { volume: restored, report } = await backup().restore(dump, 'u.again');
    expect(report.unknown).toEqual([{ id, name: 'jan', isKept: true }]);
    expect(backup().state(restored)).toEqual(backup().state(volume));
  });

  it('lose their rights where somebody else could get their number', async () => {
    const { volume } = await volumeOfAll();
    const dump = Buffer.from(await backup().dump(volume));
    const other = await realm().addUser('other');
    // As if the dump came from a realm where jan had been the second user, and this one had never had a jan.
    const { id } = realm().store.protection.user('jan');
    await realm().store.protection.removeUser('jan');
    vi.spyOn(realm().store.protection, 'isRetired').mockReturnValue(false);
    const { volume: restored, report } = await backup().restore(dump, 'u.again');
    expect(report.unknown).toEqual([{ id, name: 'jan', isKept: false }]);
    const operator = Caller.as(realm(), 'operator');
    const directory = await operator.lookup(rootOf(restored), 'directory');
    const { owner } = await operator.lookup(directory.fid, 'file');
    const inner = await operator.lookup(directory.fid, 'inner');
    expect(owner).not.toBe(other);
    expect(owner).toBeLessThan(0);
    expect(await operator.acl(inner.fid)).not.toMatch(/jan|\d{3}\t2/);
    vi.restoreAllMocks();
  });
});

describe('a dump of a volume that is in use', () => {
  it('is of the moment at which it was begun, whatever is written, replaced and removed meanwhile', async () => {
    const volume = await realm().mountVolume('u.busy');
    const operator = Caller.as(realm(), 'operator');
    const root = rootOf(volume);
    const files: Fid[] = [];
    for (let at = 0; at < 20; at++)
      files.push(await operator.create(root, `file ${at}`, `old ${at}`.repeat(20_000)));
    const before = backup().state(volume);
    const handle = await backup().open(volume);
    for (const [at, fid] of files.entries()) {
      if (at % 3 === 0) await operator.remove(root, `file ${at}`);
      else await operator.store(fid, `new ${at}`.repeat(30_000));
      if (at % 3 === 1) await operator.move(root, `file ${at}`, `moved ${at}`);
      await operator.mkdir(root, `directory ${at}`);
    }
    const { volume: restored } = await backup().restore(await backup().read(handle), 'u.again');
    expect(backup().state(restored)).toEqual(before);
    expect(backup().problems()).toEqual([]);
  });

  it('always has both of what is always changed together', async () => {
    const volume = await realm().mountVolume('u.pairs');
    const operator = Caller.as(realm(), 'operator');
    const [left, right] = [
      await operator.mkdir(rootOf(volume), 'left'),
      await operator.mkdir(rootOf(volume), 'right'),
    ];
    let [round, isOver] = [0, false];
    const writing = (async () => {
      for (; !isOver; round++) {
        const { directory, unique } = await realm().server.reserveFids({ volume, count: 2 });
        const pair = [left, right].map((parent, at) => {
          const fid = { volume, vnode: directory + 2 * at, unique: unique + at };
          return { op: 'mkdir', parent, name: `pair ${round}`, fid, mode: 0o755 } as const;
        });
        await operator.perform(volume, pair);
        const moves = [left, right].map((parent, at) => {
          const { fid } = pair[at] ?? raise('no pair');
          return {
            op: 'rename',
            fromParent: parent,
            fromName: `pair ${round}`,
            toParent: parent,
            toName: `done ${round}`,
            fid,
          } as const;
        });
        await operator.perform(volume, moves);
      }
    })();
    const sizes: number[] = [];
    for (let dump = 0; dump < 12; dump++) {
      const { volume: restored } = await backup().restore(await backup().dump(volume), `u.${dump}`);
      const names = async (name: string) =>
        operator.list((await operator.lookup(rootOf(restored), name)).fid);
      const [inLeft, inRight] = [await names('left'), await names('right')];
      expect(inLeft).toEqual(inRight);
      sizes.push(inLeft.length);
    }
    isOver = true;
    await writing;
    expect(sizes.at(-1)).toBeGreaterThan(sizes[0] ?? 0);
    expect(backup().problems()).toEqual([]);
  }, 60_000);

  it('leaves nothing behind when it is broken off', async () => {
    const volume = await realm().mountVolume('u.busy');
    const operator = Caller.as(realm(), 'operator');
    const fid = await operator.create(rootOf(volume), 'file', 'old');
    const handle = await backup().open(volume);
    await operator.store(fid, 'new');
    await realm().server.closeDump({ handle });
    expect(backup().problems()).toEqual([]);
    expect(await outcome(realm().server.readDump({ handle }))).toBe('ESTALE');
  });
});

describe('increments', () => {
  it('bring a restored volume to each later state, after any changes', async () => {
    const seed = 20_261_121;
    const random = randomFrom(seed);
    const volume = await realm().mountVolume('u.all', 100_000);
    const operator = Caller.as(realm(), 'operator');
    const directories: Fid[] = [rootOf(volume)];
    const any = <T>(items: readonly T[]): T => items[random(items.length)] ?? raise('nothing there');
    const change = async (): Promise<unknown> => {
      const [directory, name, other] = [any(directories), `n${random(8)}`, `n${random(8)}`];
      const found = () => operator.lookup(directory, name).then(({ fid }) => fid);
      switch (random(9)) {
        case 0:
        case 1:
          return operator.create(directory, name, 'x'.repeat(random(5000)));
        case 2:
          return operator.mkdir(directory, name).then((fid) => directories.push(fid));
        case 3:
          return operator.rename({
            fromDirectory: directory,
            fromName: name,
            toDirectory: any(directories),
            toName: other,
          });
        case 4:
          return operator.remove(directory, name);
        case 5:
          return operator.link(directory, other, await found());
        case 6:
          return operator.store(await found(), 'y'.repeat(random(5000)));
        case 7:
          return operator.change(await found(), { mode: random(0o777), modified: random(1_000_000) });
        default:
          return operator.setAcl(directory, `1\n0\nSystem:AnyUser ${random(127)}\n`);
      }
    };
    let last = await backup().dump(volume);
    const { volume: restored } = await backup().restore(last, 'u.again');
    for (let round = 0; round < 12; round++) {
      for (let step = 0; step < random(30); step++) await outcome(change());
      last = await backup().dump(volume, last);
      await backup().bringForward(restored, last);
      expect(backup().state(restored)).toEqual(backup().state(volume));
    }
    // Contents that were sent for what was refused wait for another try.
    const problems = backup()
      .problems()
      .filter((problem) => !/^containers: .* too much$/.test(problem));
    expect(problems).toEqual([]);
  }, 60_000);

  it('hold only what has changed', async () => {
    const { volume, operator } = await volumeOfAll();
    await operator.create(rootOf(volume), 'large', 'x'.repeat(1_000_000));
    const base = await backup().dump(volume);
    await operator.create(rootOf(volume), 'new', 'new');
    const directory = await operator.lookup(rootOf(volume), 'directory');
    await operator.store((await operator.lookup(directory.fid, 'file')).fid, 'other contents');
    const increment = await backup().dump(volume, base);
    expect(increment.length).toBeLessThan(5000);
    const nothing = await backup().dump(volume, increment);
    const { volume: restored } = await backup().restore(base, 'u.again');
    await backup().bringForward(restored, increment);
    const report = await backup().bringForward(restored, nothing);
    expect(report.counters).toMatchObject({ directories: 0n, files: 0n, removed: 0n });
    expect(backup().state(restored)).toEqual(backup().state(volume));
    expect(backup().problems()).toEqual([]);
  });

  it('fit onto their base and nothing else', async () => {
    const { volume, operator } = await volumeOfAll();
    const full = await backup().dump(volume);
    const { volume: restored } = await backup().restore(full, 'u.again');
    await operator.create(rootOf(volume), 'monday', 'monday');
    const monday = await backup().dump(volume, full);
    await operator.create(rootOf(volume), 'tuesday', 'tuesday');
    const tuesday = await backup().dump(volume, monday);
    const before = backup().state(restored);
    expect(await outcome(backup().bringForward(restored, tuesday))).toBe('wrong-base');
    expect(await outcome(backup().bringForward(restored, full))).toBe('bad-request');
    expect(await outcome(backup().restore(monday, 'u.other'))).toBe('bad-request');
    expect(backup().state(restored)).toEqual(before);
    await operator.mkdir(rootOf(restored), 'changed by somebody');
    expect(await outcome(backup().bringForward(restored, monday))).toBe('wrong-base');
    expect(backup().problems()).toEqual([]);
  });

  it('are refused upon dumps of another volume, or that end before their index does', async () => {
    const { volume } = await volumeOfAll();
    const other = await realm().mountVolume('u.other');
    const dump = await backup().dump(volume);
    expect(await outcome(backup().dump(other, dump))).toBe('bad-request');
    expect(await outcome(backup().dump(volume, dump.subarray(0, 500)))).toBe('bad-request');
    const damaged = Uint8Array.from(dump);
    damaged[450] = (damaged[450] ?? 0) ^ 1;
    expect(await outcome(backup().dump(volume, damaged))).toBe('dump-damaged');
    expect(backup().problems()).toEqual([]);
  });

  it('tell clients that what they keep of the volume is old', async () => {
    const { volume, operator } = await volumeOfAll();
    const full = await backup().dump(volume);
    const { volume: restored } = await backup().restore(full, 'u.again');
    await operator.symlink(rootOf(ROOT), 'again', '#u.again.');
    await operator.change(await linkIn('again'), { mode: 0o644 });
    expect(await realm().read('/test.realm/again/directory/file')).toBe('contents of a file');
    const directory = await operator.lookup(rootOf(volume), 'directory');
    await operator.store((await operator.lookup(directory.fid, 'file')).fid, 'other contents');
    await backup().bringForward(restored, await backup().dump(volume, full));
    expect(await realm().read('/test.realm/again/directory/file')).toBe('other contents');

    async function linkIn(name: string): Promise<Fid> {
      return (await operator.lookup(rootOf(ROOT), name)).fid;
    }
  });
});
