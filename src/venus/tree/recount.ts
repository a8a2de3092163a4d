import { type Vnode, type Vnodes, unitsOf } from './vnodes.ts';

/** An object with its names counted anew, not yet stored: after damage, the counts may be other than the names. */
export function recounted(vnodes: Vnodes, vnode: Vnode): Vnode {
  if (vnode.type !== 'directory') return { ...vnode, linkCount: vnodes.namesOf(vnode).length };
  let [linkCount, entryCount, nameUnits] = [2, 0, 0];
  for (const { name, entry } of vnodes.entries(vnode.fid)) {
    if (entry.type === 'directory') linkCount += 1;
    entryCount += 1;
    nameUnits += unitsOf(name);
  }
  return { ...vnode, linkCount, entryCount, nameUnits };
}
