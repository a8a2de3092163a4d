/** Coda's configuration files, `name=value` lines (spec/cfs.md, 3.1; spec/auth.md, 1.1). */
import { existsSync, readFileSync } from 'node:fs';

/** The keys the tools use. */
export interface Configuration {
  readonly mountpoint?: string;
  readonly realm?: string;
  readonly realmtab?: string;
  readonly marinersocket?: string;
}

export const DEFAULT_MARINER_SOCKET = '/usr/coda/spool/mariner';
const DEFAULT_DIRECTORIES = '/etc/coda:/usr/local/etc/coda:';

/**
 * Reads the first file of each name found in the directories of `CODACONFPATH`; of several names the one read
 * later wins. Files that are absent count as empty.
 */
export function readConfiguration(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Configuration {
  const directories = configurationDirectories(env);
  const values = new Map<string, string>();
  for (const name of names) {
    const text = firstReadable(directories.map((directory) => `${directory}/${name}`));
    for (const [key, value] of parseConfiguration(text)) values.set(key, value);
  }
  return Object.fromEntries(values);
}

/** Where configuration files are looked for, in this order. */
export function configurationDirectories(
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return (env['CODACONFPATH'] ?? DEFAULT_DIRECTORIES).split(':').filter((part) => part !== '');
}

/** Path of the socket on which the venus of a mounted Coda tells what happens. */
export function marinerSocket(env: Readonly<Record<string, string | undefined>>): string {
  return readConfiguration(['venus.conf'], env).marinersocket || DEFAULT_MARINER_SOCKET;
}

/** One file's text: comments and lines without `=` are skipped, one quote is taken off each end, the last of several wins. */
export function parseConfiguration(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([^#=\s][^=]*?)\s*=(?=\S)(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined)
      values.set(key, value.trimEnd().replace(/^["']|["']$/g, ''));
  }
  return values;
}

function firstReadable(paths: readonly string[]): string {
  for (const path of paths) {
    if (!existsSync(path)) continue;
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // Not this one; the next directory may have it.
    }
  }
  return '';
}
