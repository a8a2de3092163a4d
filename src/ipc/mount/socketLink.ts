import { readlinkSync } from 'node:fs';

/** In the root of an embedded venus that is mounted: a link to its socket, in no listing, for its owner alone. */
export const SOCKET_LINK = '...VENUS';

/** What stands behind a mount: an embedded venus with a socket, one of somebody else's, or a venus that has none. */
export type Behind =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'none' };

export function behindMount(directory: string): Behind {
  try {
    return { kind: 'socket', path: readlinkSync(`${directory}/${SOCKET_LINK}`) };
  } catch (error) {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'EACCES';
    return { kind: isRefused ? 'foreign' : 'none' };
  }
}
