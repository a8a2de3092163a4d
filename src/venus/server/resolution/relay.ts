import { isErrno } from '../../../ipc/errors.ts';
import { fail } from '../../fail.ts';
import { FRAGMENT } from '../../net/fileProtocol.ts';
import type { SentObject } from '../../net/peerProtocol.ts';
import type { Vnode } from '../../tree/vnodes.ts';
import type { Member } from './member.ts';

/**
 * Sends an object from one server to another, contents of a file ahead. It goes through this server, since the two may
 * not reach each other.
 * @throws VenusError ENOENT, ETIMEDOUT
 */
export async function relay(vnode: Vnode, from: Member, to: Member): Promise<SentObject> {
  if (vnode.type !== 'file' || vnode.length === 0) return { vnode, handle: undefined };
  const { fid } = vnode;
  const source = await from.remote.call('openFetch', { fid });
  const { handle } = await to.remote.call('openStore', { fid });
  try {
    for (let offset = 0; offset < source.length;) {
      const length = Math.min(FRAGMENT, source.length - offset);
      const bytes = await from.remote.call('fetchFragment', { handle: source.handle, offset, length });
      if (bytes.length === 0) fail('EIO', 'The contents of the file are shorter than its length.');
      await to.remote.call('storeFragment', { handle, bytes });
      offset += bytes.length;
    }
    await to.remote.call('finishStore', { handle });
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT')) await to.remote.call('abandonStore', { handle });
    throw error;
  } finally {
    await from.remote.call('closeFetch', { handle: source.handle }).catch(() => undefined);
  }
  return { vnode, handle };
}
