import type { Fid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import type { ObjectStatus } from '../../net/fileProtocol.ts';
import { ROOT_VOLUME } from '../cacheManager.ts';
import { walk } from '../pathWalk.ts';
import { isMountLink } from '../place.ts';
import type { UserSession } from '../userSession.ts';
import { VolumeServers } from './volumeServers.ts';

/** Where a comparison begins. */
export interface Start {
  readonly path: string;
  readonly fid: Fid;
}

/**
 * Finds an object by its path, by asking the servers: to fetch it as usual would already bring them together.
 * @throws VenusError ENOENT, EACCES, ETIMEDOUT, and as walk where a link leads on
 */
export async function findStart(session: UserSession, path: string): Promise<Start> {
  const components = path.split('/').filter((component) => component !== '');
  const [realm, ...names] = components;
  if (realm === undefined) return fail('EINVAL', 'The Coda root is on no server; name a realm in it.');
  const root = realm === session.realm ? await session.client.locateByName(ROOT_VOLUME) : undefined;
  let fid = rootOf((root ?? fail('ENOENT')).id);
  let at = `/${realm}`;
  for (const [index, name] of names.entries()) {
    const status = await childAtAny(session, fid, name);
    at = `${at}/${name}`;
    const mounted = await mountedAt(session, status, at);
    const isLast = index === names.length - 1;
    if (status.type !== 'directory' && mounted === undefined && !isLast) return behindLinks(session, path);
    fid = mounted === undefined ? status.fid : rootOf(mounted);
  }
  return { path: at, fid };
}

/** The volume that a link mounts here; none if it is no mount link, or leads nowhere. */
export async function mountedAt(
  { client, realm }: UserSession,
  status: ObjectStatus,
  path: string,
): Promise<number | undefined> {
  if (!isMountLink(status)) return undefined;
  const [name = '', other] = (status.target ?? '').slice(1).replace(/\.$/, '').split('@');
  if (other !== undefined && other !== realm) return undefined;
  const volume = await client.locateByName(name === '' ? path.slice(`/${realm}/`.length) : name);
  return volume && volume.id !== status.fid.volume ? volume.id : undefined;
}

export function rootOf(volume: number): Fid {
  return { volume, vnode: 1, unique: 1 };
}

/** @throws VenusError what the servers refuse, if all do */
async function childAtAny(session: UserSession, directory: Fid, name: string): Promise<ObjectStatus> {
  const servers = await VolumeServers.of(session, directory.volume);
  const [status] = await servers.objectsBy(directory, name);
  return status ?? fail('ENOENT');
}

async function behindLinks(session: UserSession, path: string): Promise<Start> {
  const place = await walk(session, path, false);
  if (place.kind === 'root') return fail('EINVAL', 'The Coda root is on no server.');
  return { path: place.path, fid: place.kind === 'expanded' ? place.expanded.fid : place.status.fid };
}
