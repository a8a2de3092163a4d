import { describe, expect, it } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import type { LoggedUpdate } from '../../../../src/venus/server/resolution/loggedUpdate.ts';
import { namesIn, objectsIn } from '../../../../src/venus/server/resolution/merge.ts';

const fid = (vnode: number): Fid => ({ volume: 7, vnode, unique: vnode });
const ROOT = fid(1);

function update(unique: number, parts: Partial<LoggedUpdate>): LoggedUpdate {
  const none = { added: [], removed: [], made: [], gone: [], changed: [] };
  return { storeId: { host: 1, unique }, time: unique, viceId: 1, kind: 'store', ...none, ...parts };
}

describe('what is asked of replicas', () => {
  it('are all objects and names that any log is about', () => {
    const [made, gone, changed, into, named] = [fid(12), fid(14), fid(16), fid(11), fid(18)];
    const logs = [
      [update(1, { made: [made] }), update(2, { gone: [gone] })],
      [update(3, { changed: [changed] }), update(4, { added: [{ directory: into, name: 'n', fid: named }] })],
      [update(5, { removed: [{ directory: ROOT, name: 'o', fid: named }] })],
    ];
    const asked = objectsIn(logs).map(({ vnode }) => vnode);
    expect(asked.sort((one, other) => one - other)).toEqual([1, 11, 12, 14, 16, 18]);
    expect(namesIn(logs)).toEqual([
      { directory: into, name: 'n' },
      { directory: ROOT, name: 'o' },
    ]);
  });
});
