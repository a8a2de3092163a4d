import type { Fid } from '../../ipc/fid.ts';
import type { MountedAt } from './locations.ts';

/** What the path of an object is told from: only what is known here, so that nothing is asked of a server. */
export interface KnownPlaces {
  /** The path of an object in its volume, without the root; `???` stands for what is not known. */
  readonly pathTo: (fid: Fid) => string;
  readonly mountedAt: (volume: number) => MountedAt | undefined;
  readonly nameOf: (volume: number) => string;
}

/** Volumes on the way to an object; they may be mounted in each other, which has no end. */
const MAX_DEPTH = 32;

/** The path of an object from `/coda`, or from the name of a volume in angle brackets (spec/cfs.md, 6.3). */
export function knownPath(places: KnownPlaces, fid: Fid): string {
  return knownPathIn(places, fid.volume, places.pathTo(fid));
}

/** The same for a path in a volume. */
export function knownPathIn(places: KnownPlaces, volume: number, inside: string, depth = 0): string {
  return joined(rootOf(places, volume, depth), inside);
}

function rootOf(places: KnownPlaces, volume: number, depth: number): string {
  const mount = depth < MAX_DEPTH ? places.mountedAt(volume) : undefined;
  if (!mount) return `<${places.nameOf(volume)}>`;
  if (!mount.directory) return `/coda/${mount.name}`;
  const above = knownPathIn(places, mount.directory.volume, places.pathTo(mount.directory), depth + 1);
  return joined(above, mount.name);
}

function joined(directory: string, name: string): string {
  return name === '' ? directory : `${directory}/${name}`;
}
