import type { Vnodes } from '../../tree/vnodes.ts';
import type { MountedVolume } from '../locations.ts';
import { fidText } from './inventory.ts';

/** The links by which volumes are mounted of which something is here: without them nobody gets there. */
export function linksInUse(vnodes: Vnodes, mounts: readonly MountedVolume[]): ReadonlySet<string> {
  const links = mounts.flatMap(({ volume, directory, name }) => {
    const entry = vnodes.entry(directory, name);
    const isUsed = entry && !vnodes.inVolume(volume, 0).next().done;
    return isUsed ? [fidText({ ...entry, volume: directory.volume })] : [];
  });
  return new Set(links);
}
