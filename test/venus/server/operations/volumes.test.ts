import { describe, expect, it } from 'vitest';
import type { FileProtocol, VolumeAnswer } from '../../../../src/venus/net/fileProtocol.ts';
import { ROOT, outcome, rootOf, useRealm, SERVER } from '../../support.ts';
import { Caller, aclText } from '../caller.ts';

const realm = useRealm();
const operator = () => Caller.as(realm(), 'operator');
type Settings = Omit<FileProtocol['setVolumeStatus']['request'], 'credentials' | 'volume'>;
const set = (caller: Caller, volume: number, settings: Settings) =>
  realm().server.setVolumeStatus({ credentials: caller.credentials, volume, ...settings });
const get = (volume: number, { credentials } = operator()) =>
  realm().server.getVolumeStatus({ credentials, volume });
/** The rest may change by itself, as the room on the disk does. */
function settable({ status, offlineMessage, messageOfTheDay }: VolumeAnswer) {
  const { minQuota, maxQuota } = status;
  return { minQuota, maxQuota, offlineMessage, messageOfTheDay };
}

describe('the state of a volume', () => {
  it('is what a server with one replica of it has to say', async () => {
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: undefined, maxQuota: 700 });
    const { status, ...messages } = await get(id);
    const { partitionBlocks, partitionBlocksAvailable, ...rest } = status;
    expect(rest).toEqual({
      volume: id,
      parent: 0x01000001,
      online: 1,
      inService: 1,
      blessed: 1,
      needsSalvage: 0,
      type: 0,
      minQuota: 0,
      maxQuota: 700,
      blocksUsed: 2,
      unused: 0,
    });
    expect(messages).toEqual({ offlineMessage: '', messageOfTheDay: '' });
    expect(partitionBlocks).toBeGreaterThan(0);
    expect(partitionBlocks).toBeLessThanOrEqual(0x7fffffff);
    expect(partitionBlocksAvailable).toBeLessThanOrEqual(partitionBlocks);
  });

  it('is seen by those who may read its root, and by administrators', async () => {
    await operator().setAcl(rootOf(ROOT), aclText([]));
    expect(await outcome(get(ROOT, Caller.as(realm())))).toBe('EACCES');
    expect(await outcome(get(ROOT))).toBe('done');
  });

  it.each<readonly [string, Settings]>([
    ['minQuota', { minQuota: 5 }],
    ['maxQuota', { maxQuota: 5000 }],
    ['offlineMessage', { offlineMessage: 'back at noon' }],
    ['messageOfTheDay', { messageOfTheDay: 'café \udcff' }],
    ['nothing', {}],
  ])('changes in what is set alone: %s', async (_, settings) => {
    await set(operator(), ROOT, {
      minQuota: 1,
      maxQuota: 9000,
      offlineMessage: 'one',
      messageOfTheDay: 'two',
    });
    const before = settable(await get(ROOT));
    expect(settable(await set(operator(), ROOT, settings))).toEqual({ ...before, ...settings });
    expect(settable(await get(ROOT))).toEqual({ ...before, ...settings });
  });

  it('is set by administrators alone, whatever the list of the root says', async () => {
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: 'operator', maxQuota: 0 });
    await realm().addUser('jan');
    await operator().setAcl(rootOf(id), aclText([['jan', 127]]));
    expect(await outcome(set(Caller.as(realm(), 'jan'), id, { maxQuota: 5 }))).toBe('EACCES');
    expect(await outcome(set(Caller.as(realm()), id, { maxQuota: 5 }))).toBe('EACCES');
    await realm().store.protection.addGroup('staff', ['jan']);
    await realm().store.protection.addGroup('System:Administrators', ['staff']);
    expect(await outcome(set(Caller.as(realm(), 'jan'), id, { maxQuota: 5 }))).toBe('done');
  });

  it('of a volume that is not here is ENXIO', async () => {
    expect(await outcome(get(ROOT + 77))).toBe('ENXIO');
    expect(await outcome(set(operator(), ROOT + 77, { maxQuota: 5 }))).toBe('ENXIO');
    expect(await outcome(realm().server.describeVolume({ volume: ROOT + 77 }))).toBe('ENXIO');
  });
});

describe('a new volume', () => {
  it('has an empty root that belongs to its owner, or to the administrators', async () => {
    await realm().addUser('jan');
    for (const [name, owner, ownerName] of [
      ['one', 'jan', 'jan'],
      ['two', undefined, 'System:Administrators'],
    ] as const) {
      const { id } = await realm().realmServer.createVolume({ name, owner, maxQuota: 0 });
      expect(await operator().list(rootOf(id))).toEqual([]);
      expect(await operator().status(rootOf(id))).toMatchObject({
        ownerName,
        type: 'directory',
        mode: 0o755,
        linkCount: 2,
        length: 2048,
        modified: realm().clock.now(),
        parent: undefined,
      });
    }
  });

  it('that is made twice, since nobody heard the answer, keeps what is in it', async () => {
    const { id, name } = await realm().realmServer.createVolume({
      name: 'vol',
      owner: undefined,
      maxQuota: 0,
    });
    await operator().create(rootOf(id), 'file', 'contents');
    const members = [{ server: SERVER.name, replica: 0x01000001 }];
    const place = { volume: id, replica: 0x01000001, site: 0, members, time: realm().clock.now() };
    await realm().server.createVolume({ ...place, name, owner: 500, maxQuota: 5 });
    expect(await operator().list(rootOf(id))).toEqual(['file']);
  });

  it('is taken back while it is empty, and not once something is in it', async () => {
    const create = (name: string) =>
      realm().realmServer.createVolume({ name, owner: undefined, maxQuota: 0 });
    const [{ id: empty }, { id: used }] = [await create('empty'), await create('used')];
    await operator().create(rootOf(used), 'file', 'contents');
    const { server } = realm();
    expect(await outcome(server.dropVolume({ volume: empty }))).toBe('done');
    expect(await outcome(server.describeVolume({ volume: empty }))).toBe('ENXIO');
    expect(await outcome(server.dropVolume({ volume: used }))).toBe('ENOTEMPTY');
    expect(await operator().list(rootOf(used))).toEqual(['file']);
  });
});
