/** Sets of replicas as bits, by their place in what a merge is given; there are at most eight. */

export const allOf = (count: number): number => (1 << count) - 1;

/** The places of the replicas in a set, lowest first. */
export function placesIn(sides: number): readonly number[] {
  const places: number[] = [];
  for (let rest = sides; rest !== 0; rest &= rest - 1) places.push(31 - Math.clz32(rest & -rest));
  return places;
}

/** The place of one replica of a set that is not empty. */
export const firstIn = (sides: number): number => 31 - Math.clz32(sides & -sides);

export const has = (sides: number, place: number): boolean => (sides & (1 << place)) !== 0;
