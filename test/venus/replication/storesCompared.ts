import type { Fid } from '../../../src/ipc/fid.ts';
import { type SeenVolume, textOfFid } from './seenVolume.ts';

/**
 * What differs between the stores of servers, to the last counter.
 * @param isAsked objects that must be the same
 * @param isWhole whether all of them must, so that their sums and logs must be, too
 */
export function differencesOfStores(
  looks: readonly SeenVolume[],
  isAsked: (fid: Fid) => boolean,
  isWhole: boolean,
): readonly string[] {
  const all = looks.map((look) => new Map(linesOf(look, isAsked, isWhole)));
  const [first] = all;
  if (!first) return [];
  return all.flatMap((lines, site) =>
    [...new Set([...first.keys(), ...lines.keys()])]
      .filter((what) => first.get(what) !== lines.get(what))
      .map((what) => `${what} at s${site + 1}: ${lines.get(what)}; at s1: ${first.get(what)}`),
  );
}

function linesOf(
  { objects, entries, blocksUsed, logged }: SeenVolume,
  isAsked: (fid: Fid) => boolean,
  isWhole: boolean,
): readonly (readonly [string, string])[] {
  const lines = objects
    .filter(({ fid }) => isAsked(fid))
    .map(({ fid, ...rest }) => {
      const names = [...(entries.get(textOfFid(fid)) ?? [])].sort();
      return [textOfFid(fid), JSON.stringify({ ...rest, names })] as const;
    });
  if (!isWhole) return lines;
  return [...lines, ['blocks', String(blocksUsed)], ['log', logged === 0 ? 'empty' : `of ${logged}`]];
}
