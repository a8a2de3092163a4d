import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageGroup } from '../../../../src/venus/client/vsg/storageGroup.ts';
import { ReplicatedRealm } from '../../../support/replicatedRealm.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { REALM, ROOT, outcome, rootOf, until } from '../../support.ts';

const path = useTemporaryDirectory();
let realm: ReplicatedRealm;
beforeEach(async () => {
  realm = await ReplicatedRealm.open(path());
});
afterEach(() => realm.close());

const file = `/${REALM}/file`;

describe('a replicated volume', () => {
  it('has what is written on all servers, with a version that counts all of them', async () => {
    const laptop = realm.client('laptop');
    await laptop.write(file, 'one');
    const desk = realm.client('desk');
    expect(await desk.read(file)).toBe('one');
    const fid = (await desk.session().lookup({ volume: 0x7f000000, vnode: 1, unique: 1 }, 'file')).fid;
    for (const { server } of realm.servers) {
      const { versionVector } = await server.getStatus({ credentials: {}, fid });
      expect(versionVector.versions.slice(0, 3)).toEqual([2, 2, 2]);
    }
  });

  it('goes on with the servers that can be reached, and brings the others up to date', async () => {
    const [laptop, desk] = [realm.client('laptop'), realm.client('desk')];
    await laptop.write(file, 'one');
    await realm.partition(['s1', 's2', 'laptop', 'desk'], ['s3']);
    await laptop.write(file, 'two');
    await laptop.write(`/${REALM}/other`, 'other');
    await realm.heal();
    expect(await desk.read(file)).toBe('two');
    await realm.partition(['s3', 'desk'], ['s1', 's2', 'laptop']);
    expect(await desk.names(`/${REALM}`)).toEqual(['file', 'other']);
    expect(await desk.read(file)).toBe('two');
  });

  it('shows a file in conflict as a link, which two sides have stored without each other', async () => {
    const [laptop, desk] = [realm.client('laptop'), realm.client('desk')];
    await laptop.write(file, 'one');
    await desk.read(file);
    await laptop.write(`/${REALM}/innocent`, 'i');
    await realm.partition(['s1', 'laptop'], ['s2', 's3', 'desk']);
    await laptop.write(file, 'left');
    await desk.write(file, 'right');
    await realm.heal();
    await expect(laptop.read(file)).rejects.toThrow('No such file');
    expect(await laptop.files().readlink(file)).toMatch(
      /^@7f000000\.[0-9a-f]{8}\.[0-9a-f]{8}@test\.realm\.$/,
    );
    expect(await desk.files().readlink(file)).toMatch(/^@7f000000/);
    expect(await desk.read(`/${REALM}/innocent`)).toBe('i');
    expect(await desk.names(`/${REALM}`)).toEqual(['file', 'innocent']);
  });

  it('shows a directory in conflict as a link, in which two sides have made the same name', async () => {
    const [laptop, desk] = [realm.client('laptop'), realm.client('desk')];
    await laptop.files().mkdir(`/${REALM}/d`, 0o755);
    await desk.names(`/${REALM}/d`);
    await realm.partition(['s1', 'laptop'], ['s2', 's3', 'desk']);
    await laptop.write(`/${REALM}/d/x`, 'left');
    await laptop.write(`/${REALM}/d/only left`, 'l');
    await desk.write(`/${REALM}/d/x`, 'right');
    await desk.write(`/${REALM}/d/only right`, 'r');
    await realm.heal();
    await expect(laptop.names(`/${REALM}/d`)).rejects.toThrow('No such file');
    expect(await desk.files().readlink(`/${REALM}/d`)).toMatch(/^@7f000000/);
  });

  it('is resolving while its servers are brought together', async () => {
    const { manager } = realm.client('laptop');
    await realm.client('laptop').write(file, 'one');
    const group = await manager.serverOf(ROOT);
    if (!(group instanceof StorageGroup)) throw new Error('the volume has one server');
    expect(group.isResolving).toBe(false);
    const resolved = group.resolve();
    expect(group.isResolving).toBe(true);
    await resolved;
    expect(group.isResolving).toBe(false);
  });

  it('merges what two sides did beside each other', async () => {
    const [laptop, desk] = [realm.client('laptop'), realm.client('desk')];
    await laptop.write(file, 'one');
    await desk.read(file);
    await realm.partition(['s1', 'laptop'], ['s2', 's3', 'desk']);
    await laptop.files().mkdir(`/${REALM}/left`, 0o755);
    await laptop.write(`/${REALM}/left/a`, 'aaa');
    await laptop.files().rename(file, `/${REALM}/left/file`);
    await desk.write(file, 'right');
    await desk.write(`/${REALM}/b`, 'bbb');
    await realm.heal();
    for (const group of [['s1'], ['s2'], ['s3']]) {
      await laptop.names(`/${REALM}`);
      await realm.partition([...group, 'desk']);
      expect(await desk.names(`/${REALM}`)).toEqual(['b', 'left']);
      expect(await desk.read(`/${REALM}/left/a`)).toBe('aaa');
      expect(await desk.read(`/${REALM}/b`)).toBe('bbb');
      expect(await desk.read(`/${REALM}/left/file`)).toBe('right');
      await realm.heal();
    }
  });

  it('gives a server that was emptied all that it had', async () => {
    const [laptop, desk] = [realm.client('laptop'), realm.client('desk')];
    await laptop.files().mkdir(`/${REALM}/d`, 0o755);
    await laptop.write(`/${REALM}/d/x`, 'x'.repeat(600_000));
    await realm.stop('s2');
    realm.empty('s2');
    await laptop.write(`/${REALM}/meanwhile`, 'm');
    await realm.start('s2');
    await laptop.probe();
    const root = { credentials: {}, fid: rootOf(ROOT) };
    await until(async () => (await outcome(realm.server('s2').getStatus(root))) === 'done');
    await realm.partition(['s2', 'desk']);
    expect(await desk.read(`/${REALM}/d/x`)).toBe('x'.repeat(600_000));
    expect(await desk.read(`/${REALM}/meanwhile`)).toBe('m');
  });
});
