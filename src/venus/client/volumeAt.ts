import { isErrno } from '../../ipc/errors.ts';
import type { ObjectStatus } from '../net/fileProtocol.ts';
import { isInconsistent } from '../tree/version.ts';
import { walk } from './pathWalk.ts';
import { volumeOf } from './place.ts';
import type { UserSession } from './userSession.ts';

/**
 * The volume that a path lies in, also where the path leads to an object in conflict, which shows as a link, or into it.
 * @returns undefined for the Coda root
 * @throws VenusError as walk
 */
export async function volumeAt(session: UserSession, path: string): Promise<number | undefined> {
  try {
    const place = await walk(session, path, true);
    return place.kind === 'root' ? undefined : volumeOf(place);
  } catch (error) {
    const around = isErrno(error, 'ENOENT', 'ENOTDIR') ? await conflictAround(session, path) : undefined;
    if (around === undefined) throw error;
    return around;
  }
}

/** The volume of the object in conflict that a path leads to or into, if it does. */
async function conflictAround(session: UserSession, path: string): Promise<number | undefined> {
  const components = path.split('/').filter((component) => component !== '');
  for (; components.length > 0; components.pop()) {
    try {
      const place = await walk(session, components.join('/'), false);
      return place.kind === 'object' && isConflict(session, place.status) ? volumeOf(place) : undefined;
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
  return undefined;
}

/** Whether it shows as a link since this client's changes, or the servers' versions, are in conflict. */
function isConflict({ client }: UserSession, status: ObjectStatus): boolean {
  return client.tree.logs.isInConflict(status.fid) || isInconsistent(status);
}
