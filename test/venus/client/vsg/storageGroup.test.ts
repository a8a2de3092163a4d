import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReplicatedRealm } from '../../../support/replicatedRealm.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { REALM } from '../../support.ts';

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
});
