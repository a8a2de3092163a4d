// Placeholder until the merge arrives.
import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import type { LoggedUpdate } from './loggedUpdate.ts';
import type { MergePlan, Replica } from './mergePlan.ts';
export function merge(_replicas: readonly Replica[], _resolution: StoreId): MergePlan {
  return { replicas: [], conflicts: [], versions: [], common: [] };
}
export function objectsIn(logs: readonly (readonly LoggedUpdate[])[]): readonly Fid[] {
  return logs
    .flat()
    .flatMap((u) => [
      ...u.made,
      ...u.changed,
      ...u.gone,
      ...[...u.added, ...u.removed].flatMap((p) => [p.directory, p.fid]),
    ]);
}
export function namesIn(
  logs: readonly (readonly LoggedUpdate[])[],
): readonly { readonly directory: Fid; readonly name: string }[] {
  return logs.flat().flatMap((u) => [...u.added, ...u.removed]);
}
