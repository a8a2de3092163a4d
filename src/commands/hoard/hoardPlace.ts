import { type Pioctls, call } from '../../ipc/call.ts';
import { getFid } from '../../ipc/calls/getFid.ts';
import { toVenusPath } from '../../ipc/codaPath.ts';
import { VenusError, isErrno } from '../../ipc/errors.ts';
import type { HoardInsight } from '../../ipc/hoardInsight.ts';
import { mountPointOf } from '../../ipc/openVenus.ts';
import { CanonicalPaths } from '../../hoard/canonicalPath.ts';
import type { Context } from '../context.ts';

/** What venus tells of hoarding beyond the pioctls. @throws UnsupportedError at a mounted Coda */
export async function hoardInsight(context: Context, what: string): Promise<HoardInsight> {
  const http = await context.http(what);
  const { HttpHoard } = await import('../../ipc/socket/httpHoard.ts');
  return new HttpHoard(http);
}

/** Whether venus tells more than the pioctls can. */
export function hasInsight(context: Context): boolean {
  return context.address().kind === 'socket';
}

/** How paths of this run become names in volumes. */
export function canonicalPathsOf(context: Context, venus: Pioctls): CanonicalPaths {
  const mountPoint = mountPointOf(context.address());
  return new CanonicalPaths({
    async identify(path, follow) {
      return (await call(venus, { ...getFid, follow }, path, undefined)).fid;
    },
    readlink: async (path) => (await context.files()).readlink(path),
    toVenusPath: (absolute) => toVenusPath(absolute, { mountPoint, workingDirectory: mountPoint }),
  });
}

/** The user that requests count as. */
export function requestingUid(context: Context): number {
  return context.otherUid() ?? context.surroundings.uid;
}

/** Venus refuses all of hoard to everybody but one user, root included (spec/hoard.md, 7). */
export function explainRefusal(error: unknown): unknown {
  if (!isErrno(error, 'EACCES') || error.why !== undefined) return error;
  return new VenusError(
    error.errno,
    {
      why: 'Venus takes requests about hoarding from one user only: the primaryuser of venus.conf, or who is logged in on tty1. Root is refused, too.',
      next: 'Run it as that user, or set primaryuser in venus.conf and start venus again.',
    },
    { cause: error },
  );
}
