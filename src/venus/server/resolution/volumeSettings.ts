/** Quotas and messages of a volume: they have no version, so that what was set last holds. */
import type { Vnodes } from '../../tree/vnodes.ts';
import type { VolumeRecord, VolumeSettings } from '../../tree/volumeRecord.ts';
import type { Writer } from '../../store/database.ts';
import type { Member } from './member.ts';

/** A server that has a volume locked, with what it said of it then. */
export interface LockedMember extends Member {
  readonly record: VolumeRecord;
}

/** Gives what was set last to the servers that have missed it. Of two at the same time, that of the first server counts. */
export async function evenSettings(
  members: readonly LockedMember[],
  lock: { readonly volume: number; readonly holder: string },
): Promise<void> {
  const all = members.flatMap(({ record }) => settingsOf(record) ?? []);
  const [first] = all;
  if (!first) return;
  const newest = all.reduce((one, other) => (other.settingsTime > one.settingsTime ? other : one), first);
  for (const { record, remote } of members) {
    const own = settingsOf(record);
    if (!own || !isSame(own, newest)) await remote.call('adoptSettings', { ...lock, settings: newest });
  }
}

export function adoptSettings(
  vnodes: Vnodes,
  writer: Writer,
  volume: number,
  { minQuota, maxQuota, offlineMessage, messageOfTheDay, settingsTime }: VolumeSettings,
): void {
  const settings = { minQuota, maxQuota, offlineMessage, messageOfTheDay, settingsTime };
  vnodes.putVolume(writer, { ...vnodes.volume(volume), ...settings });
}

/** Nothing where nobody has set anything. */
function settingsOf(record: VolumeRecord): VolumeSettings | undefined {
  const { minQuota, maxQuota, offlineMessage, messageOfTheDay, settingsTime } = record;
  if (settingsTime === undefined) return undefined;
  return { minQuota, maxQuota, offlineMessage, messageOfTheDay, settingsTime };
}

function isSame(one: VolumeSettings, other: VolumeSettings): boolean {
  return (
    one.settingsTime === other.settingsTime &&
    one.minQuota === other.minQuota &&
    one.maxQuota === other.maxQuota &&
    isEqual(one.offlineMessage, other.offlineMessage) &&
    isEqual(one.messageOfTheDay, other.messageOfTheDay)
  );
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
