import type { Fid } from '../../ipc/fid.ts';
import { isMountLink } from '../client/place.ts';
import type { UserSession } from '../client/userSession.ts';
import { fail } from '../fail.ts';

/**
 * The contents of the link by which a volume is mounted, as `#name.`.
 * @throws VenusError ENOENT, ENOTDIR for what is no mount point, EINVAL for what is no name
 */
export async function mountLinkContents(
  session: UserSession,
  directory: Fid,
  entry: string,
): Promise<string> {
  if (entry === '' || entry === '.' || entry === '..' || entry.includes('/')) fail('EINVAL');
  const status = await session.lookup(directory, entry);
  return isMountLink(status) ? (status.target ?? '') : fail('ENOTDIR');
}
