/** The realms file: a realm and its servers on each line (spec/auth.md, 1.2). */
import { readFileSync } from 'node:fs';
import { systemCode } from '../../disk/systemCode.ts';
import { ConfigurationError } from '../../ipc/errors.ts';
import { configurationDirectories, readConfiguration } from '../../ipc/venusConf.ts';

/** Longer lines are cut off by the C tools; ours are not, since nobody writes such lines on purpose. */
const SEPARATORS = /[\s,]+/;

/**
 * The hosts of a realm.
 * @returns undefined if the file does not say: then DNS is asked. A line without hosts says that there are none
 */
export function hostsOf(realm: string, text: string): readonly string[] | undefined {
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || !line.startsWith(realm)) continue;
    const rest = line.slice(realm.length);
    if (rest === '') return undefined;
    if (/^\s/.test(rest)) return rest.split(SEPARATORS).filter((host) => host !== '');
  }
  return undefined;
}

/**
 * The text of the file that the configuration names, or of the file `realms` beside it; empty where there is none.
 * @throws ConfigurationError if there is one that cannot be read
 */
export function readRealmsFile(env: Readonly<Record<string, string | undefined>>): string {
  const { realmtab } = readConfiguration(['venus.conf', 'auth2.conf'], env);
  const places = realmtab ? [realmtab] : configurationDirectories(env).map((place) => `${place}/realms`);
  for (const place of places) {
    try {
      return readFileSync(place, 'utf8');
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw new ConfigurationError(`${place}: cannot be read (${code ?? String(error)})`, {
        why: 'It names the servers of realms.',
      });
    }
  }
  return '';
}
