import type { CacheManager } from '../cacheManager.ts';
import type { WorkspaceMark } from './repairStore.ts';

/** The point that the log of a volume is at. */
export function markOf(client: CacheManager, volume: number): WorkspaceMark {
  const { logs } = client.tree;
  return { last: logs.last(volume)?.sequence ?? 0, entries: logs.state(volume).entries };
}

export function sameMark(one: WorkspaceMark, other: WorkspaceMark): boolean {
  return one.last === other.last && one.entries === other.entries;
}
