import { readFileSync } from 'node:fs';
import { decodeText } from '../ipc/text.ts';

/** What a Coda is called that is mounted by this program. */
export const FILE_SYSTEM_TYPE = 'fuse.coda';

export interface MountedCoda {
  readonly directory: string;
  /** Who mounted it. */
  readonly uid: number;
}

/** The mounts of this program, as the kernel lists them; the last one of a directory is the one that shows. */
export function mountedCodas(table: Uint8Array = readFileSync('/proc/self/mounts')): readonly MountedCoda[] {
  const found: MountedCoda[] = [];
  for (const line of decodeText(table).split('\n')) {
    const [, directory = '', type, options = ''] = line.split(' ');
    const [, uid] = /(?:^|,)user_id=(\d+)/.exec(options) ?? [];
    if (type === FILE_SYSTEM_TYPE && uid !== undefined)
      found.push({ directory: unescapeOctal(directory), uid: Number(uid) });
  }
  return found;
}

/** Blanks, tabs, newlines and backslashes stand as three octal digits in the table. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
