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

/** The uid of a local user; undefined if there is none by that name. */
export function uidOf(name: string): number | undefined {
  const fields = passwdLines().find(([login]) => login === name);
  const uid = Number(fields?.[2]);
  return fields && Number.isSafeInteger(uid) ? uid : undefined;
}

function nameInPasswd(uid: number): string | undefined {
  return passwdLines().find((fields) => fields[2] === String(uid))?.[0];
}

function passwdLines(): readonly (readonly string[])[] {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.map((line) => line.split(':'));
  } catch {
    return [];
  }
}
