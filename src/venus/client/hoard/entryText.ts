import type { HoardName } from '../../../ipc/hoardName.ts';

/** An entry as maps know it. */
export function entryText({ volume, realm, name }: HoardName): string {
  return `${volume}@${realm}:${name}`;
}
