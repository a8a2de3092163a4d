/** One of the servers that hold a volume. */
export interface VolumeMember {
  readonly server: string;
  /** Id of its replica. */
  readonly replica: number;
}

export interface VolumeRecord {
  readonly id: number;
  /** Id of this server's replica. */
  readonly replica: number;
  /** This server's place in the version vectors, 0 to 7. */
  readonly site: number;
  /** All servers of the volume, in the order of their places. None are named where the volume was never replicated. */
  readonly members: readonly VolumeMember[];
  readonly name: string;
  /** Units of 1 KiB; a maximum of 0 is none. */
  readonly minQuota: number;
  readonly maxQuota: number;
  readonly blocksUsed: number;
  /** Bytes, not text: the store would not keep every byte of a text. */
  readonly offlineMessage: Uint8Array;
  readonly messageOfTheDay: Uint8Array;
  readonly nextDirectory: number;
  readonly nextFile: number;
  readonly nextUnique: number;
  /** When quotas and messages were set last, in milliseconds since 1970; absent where nobody has. */
  readonly settingsTime?: number;
}

/** As it is on the disk: stores of a time with one server per volume have neither place nor members. */
export type StoredVolume = Omit<VolumeRecord, 'site' | 'members'> &
  Partial<Pick<VolumeRecord, 'site' | 'members'>>;

export function volumeRecordOf(stored: StoredVolume): VolumeRecord {
  return { site: 0, members: [], ...stored };
}

/** What an administrator sets of a volume: servers that differ in it take what was set last. */
export type VolumeSettings = Required<
  Pick<VolumeRecord, 'minQuota' | 'maxQuota' | 'offlineMessage' | 'messageOfTheDay' | 'settingsTime'>
>;

/** Numbers that each server of a volume with several may give, so that no two give the same. */
export const NUMBERS_PER_SITE = 0x1fff_e000;

/** Whether a volume is on more than one server. */
export function isReplicated({ members }: Pick<VolumeRecord, 'members'>): boolean {
  return members.length > 1;
}
