import type { Fid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import type { VolumeRecord } from '../../tree/volumeRecord.ts';
import type { Member } from './member.ts';
import { relay } from './relay.ts';

/** Objects and names in a message. */
const PAGE = 500;

/** Gives a server that has lost a volume all that another one has of it. The volume is locked at the other one. */
export async function restore(record: VolumeRecord, from: Member, to: Member): Promise<void> {
  const { id: volume, members } = record;
  const replica = members[to.site]?.replica ?? fail('EINVAL');
  await to.remote.call('beginRestore', { record: { ...record, replica, site: to.site } });
  const directories: Fid[] = [];
  for (let after = 0; ;) {
    const page = await from.remote.call('listObjects', { volume, after, limit: PAGE });
    const objects = [];
    for (const vnode of page) {
      if (vnode.type === 'directory') directories.push(vnode.fid);
      objects.push(await relay(vnode, from, to));
    }
    await to.remote.call('restoreObjects', { volume, objects, names: [] });
    after = page.at(-1)?.fid.vnode ?? after;
    if (page.length < PAGE) break;
  }
  for (const directory of directories) await sendNames(volume, directory, from, to);
  for (let after = 0; ;) {
    const page = await from.remote.call('readLog', { volume, after, limit: PAGE });
    await to.remote.call('restoreLog', { volume, updates: page.map(({ update }) => update) });
    after = page.at(-1)?.sequence ?? after;
    if (page.length < PAGE) break;
  }
  const history = await from.remote.call('readHistory', { volume });
  await to.remote.call('endRestore', { volume, ...history });
}

async function sendNames(volume: number, directory: Fid, from: Member, to: Member): Promise<void> {
  for (let after: string | undefined; ;) {
    const names = await from.remote.call('listNames', { directory, after, limit: PAGE });
    if (names.length > 0) await to.remote.call('restoreObjects', { volume, objects: [], names });
    after = names.at(-1)?.name;
    if (names.length < PAGE) return;
  }
}
