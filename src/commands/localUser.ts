import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Context } from './context.ts';

/** The login name of the local user that a run speaks for; undefined if the system has none for his uid. */
export function localUserName(context: Context): string | undefined {
  const other = context.otherUid();
  if (other !== undefined) return nameInPasswd(other);
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function nameInPasswd(uid: number): string | undefined {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find((fields) => fields[2] === String(uid))?.[0];
  } catch {
    return undefined;
  }
}
