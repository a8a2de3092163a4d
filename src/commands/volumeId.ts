import type { RealmVolume } from '../ipc/calls/getMountPoint.ts';
import { parseHex } from '../ipc/fid.ts';
import { textLength } from '../ipc/text.ts';

/** Longer realm names take a real venus down (spec/cfs.md, 3.6). */
const MAX_REALM = 64;

/** `7f000001@realm`, the realm up to white space; undefined for anything else. */
export function parseVolumeId(word: string): RealmVolume | undefined {
  const [, number = '', realm = ''] = /^([^@]*)@(\S+)/.exec(word) ?? [];
  const volume = parseHex(number);
  const isOne = volume !== undefined && realm !== '' && textLength(realm) <= MAX_REALM;
  return isOne ? { volume, realm } : undefined;
}
