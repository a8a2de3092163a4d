import { type CacheListing, listCache, listCacheOfVolume } from '../../ipc/calls/listCache.ts';
import { formatFid } from '../../ipc/fid.ts';
import type { CacheManager } from '../client/cacheManager.ts';
import type { ListedObject } from '../client/cache/upkeep.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';
import { writeListing } from './listing.ts';

/** What real venus calls a realm, for itself alone. There is one here. */
const REALM_ID = 1;
const UNKNOWN = '???';
const ROOT_NUMBER = 1;
const letters = { directory: 'd', symlink: 's', file: 'f' } as const;

export const listCacheHandler = handler(listCache, ({ session: { client } }, _path, listing) =>
  writeListing('listcache', linesOf(client, client.upkeep.volumes(), listing)),
);

/** Takes the root of a volume, which is what a mount point leads to. */
export const listCacheOfVolumeHandler = handler(listCacheOfVolume, async ({ session }, path, listing) => {
  const place = await path.place();
  if (place.kind !== 'object' || !place.mount) return fail('EINVAL', 'It is not the root of a volume.');
  return writeListing('listcache', linesOf(session.client, [place.status.fid.volume], listing));
});

/** spec/cfs.md, 6.5: the content of the temporary file. */
async function* linesOf(
  client: CacheManager,
  volumes: readonly number[],
  listing: CacheListing,
): AsyncGenerator<string> {
  for (const volume of volumes) {
    yield `${mountOf(client, volume)}: ${volume.toString(16).padStart(8, '0')}\n`;
    const mounts = mountsIn(client, volume);
    for await (const object of client.upkeep.list(volume)) {
      const isValid = object.isStatusValid && object.hasContents;
      if (isValid ? listing.valid : listing.invalid) yield lineOf(object, listing, mounts);
    }
    yield '\n';
  }
}

/** Where a volume is mounted, as far as that is known without asking anybody. */
function mountOf(client: CacheManager, volume: number): string {
  const path = client.knownPathOf({ volume, vnode: ROOT_NUMBER, unique: ROOT_NUMBER });
  return path.startsWith('/') ? path : UNKNOWN;
}

/** The paths in a volume at which others are mounted. */
function mountsIn(client: CacheManager, volume: number): ReadonlySet<string> {
  const paths = client.locations
    .mounts()
    .filter(({ directory }) => directory.volume === volume)
    .map(({ directory, name }) => {
      const above = client.tree.pathTo(directory);
      return above === '' ? `/${name}` : `/${above}/${name}`;
    });
  return new Set(paths);
}

function lineOf(object: ListedObject, { long }: CacheListing, mounts: ReadonlySet<string>): string {
  const { fid, type, path, isStatusValid, hasContents, isDirty } = object;
  const mark = isStatusValid && hasContents && !isDirty ? ' ' : '*';
  if (!long) return `${mark} ${path}\n`;
  return `${mark} ${letters[type]}${linkOf(object, mounts)} ${path}  ${REALM_ID}.${formatFid(fid)}\n`;
}

function linkOf({ path, isVolumeRoot, isMountLink }: ListedObject, mounts: ReadonlySet<string>): string {
  if (isVolumeRoot) return '/';
  if (!isMountLink) return ' ';
  return mounts.has(path) ? 'm' : 'l';
}
