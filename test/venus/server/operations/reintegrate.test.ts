import { describe, expect, it } from 'vitest';
import { ROOT, outcome, rootOf, useRealm } from '../../support.ts';
import { Caller } from '../caller.ts';

const realm = useRealm();
const operator = () => Caller.as(realm(), 'operator');

describe('a part of a modify log', () => {
  it('that is about another volume is refused as a whole', async () => {
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: undefined, maxQuota: 0 });
    const victim = await operator().create(rootOf(id), 'f', 'contents');
    const removal = { op: 'remove', parent: rootOf(id), name: 'f', fid: victim, linkCount: 1 } as const;
    expect(await outcome(operator().perform(ROOT, [removal]))).toBe('EXDEV');
    expect(await operator().read(victim)).toBe('contents');
    expect(await outcome(operator().perform(id, [removal]))).toBe('done');
  });

  it('that is only tried changes nothing, and passes over what needs what was refused', async () => {
    const { credentials } = operator();
    const taken = await operator().mkdir(rootOf(ROOT), 'taken');
    const made = { volume: ROOT, vnode: 1_000_001, unique: 1_000_001 };
    const below = { volume: ROOT, vnode: 1_000_003, unique: 1_000_002 };
    const mutations = [
      { op: 'mkdir', parent: rootOf(ROOT), name: 'taken', fid: made, mode: 0o755 },
      { op: 'mkdir', parent: made, name: 'below', fid: below, mode: 0o755 },
      { op: 'chmod', fid: taken, mode: 0o700 },
      { op: 'rmdir', parent: rootOf(ROOT), name: 'nothing', fid: taken },
    ] as const;
    const records = mutations.map((mutation, at) => ({
      storeId: { host: 77, unique: at + 1 },
      time: 0,
      mutation,
      base: undefined,
      handle: undefined,
    }));
    const refused = await realm().server.certifyLog({ credentials, volume: ROOT, records });
    expect(refused.map(({ index, errno }) => [index, errno])).toEqual([
      [0, 17],
      [3, 2],
    ]);
    expect((await operator().status(taken)).mode).toBe(0o755);
  });
});
