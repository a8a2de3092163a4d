import type { Members } from '../../hoard/attributes.ts';
import type { CanonicalPath } from '../../hoard/canonicalPath.ts';
import type { Excluder } from '../../hoard/exclude.ts';
import { type Pioctls, call } from '../../ipc/call.ts';
import { getFid } from '../../ipc/calls/getFid.ts';
import { joinPath } from '../../ipc/codaPath.ts';
import { MAX_HOARD_NAME, isHoardName } from '../../ipc/hoardName.ts';
import { BadPathError } from '../../ipc/errors.ts';
import type { FileTree } from '../../ipc/venus.ts';

export interface Expansion {
  readonly files: FileTree;
  readonly venus: Pioctls;
  readonly excludes: Excluder;
  /** Told of a directory that belongs to another volume, and so is left out. */
  readonly leftOut: (path: string) => void;
}

interface Place {
  /** Below the Coda root. */
  readonly path: string;
  /** Below the directory that is expanded; empty for itself. */
  readonly below: string;
}

/**
 * The members that a directory has now, in the same volume: what `c` and `d` stand for (spec/hoard.md, 5). Links are
 * members, and are not followed.
 * @returns names in the volume
 * @throws VenusError
 */
export async function* membersOf(
  { path, name: { name, volume, realm } }: CanonicalPath,
  which: Exclude<Members['which'], 'none'>,
  { files, venus, excludes, leftOut }: Expansion,
): AsyncGenerator<string> {
  const waiting: Place[] = [{ path, below: '' }];
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    for await (const entry of files.readdir(place.path)) {
      const below = place.below === '' ? entry.name : `${place.below}/${entry.name}`;
      const isDirectory = entry.type === 'directory';
      if (excludes(below, isDirectory)) continue;
      const at = joinPath(place.path, entry.name);
      if (isDirectory) {
        const { fid } = await call(venus, getFid, at, undefined);
        if (fid.volume !== volume || fid.realm !== realm) {
          leftOut(at);
          continue;
        }
        if (which === 'descendants') waiting.push({ path: at, below });
      }
      yield checked(`${name}/${below}`);
    }
  }
}

function checked(name: string): string {
  if (isHoardName(name)) return name;
  throw new BadPathError('File name too long', {
    why: `Below the root of its volume a hoarded path has at most ${MAX_HOARD_NAME} bytes: ${name}`,
  });
}
