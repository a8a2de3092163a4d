import type { HoardedObject } from '../../../ipc/hoard.ts';
import type { CacheManager } from '../cacheManager.ts';
import { hoardState, pathOf } from './hoardState.ts';
import type { StoredEntry } from './hoardDatabase.ts';

const EXPANSIONS = { none: '', children: 'c+', descendants: 'd+' } as const;
/** Columns of the reason in a verify line. */
const REASON = 25;
/** Verbosity above which what entries expand to is told of, too. */
const EVERYTHING = 100;

/** The hoard database as `hoard list` shows it (spec/hoard.md, 8). */
export async function* listLines({ hoard }: CacheManager, owner: number): AsyncGenerator<string> {
  for (const { volume, realm, name, uid, priority, expansion } of hoard.entries.list(owner)) {
    const attributes = expansion === 'none' ? '' : `:${EXPANSIONS[expansion]}`;
    yield `<${volume.toString(16)}@${realm}, ${name}>, ${uid}, ${priority}${attributes}\n`;
    await Promise.resolve();
  }
}

/**
 * What of the hoarded is here, as `hoard verify` shows it (spec/hoard.md, 8).
 * @param verbosity 0: entries that are not here; more: all entries, and what of the rest is not here; over 100: everything
 */
export async function* verifyLines(
  client: CacheManager,
  owner: number,
  verbosity: number,
): AsyncGenerator<string> {
  const modifiers = new Map<string, string>();
  for (const entry of client.hoard.entries.list(owner))
    modifiers.set(pathOfEntry(client, entry), modifier(entry));
  for await (const object of hoardState(client, owner)) {
    const isOk = object.state === 'present';
    if (isOk && verbosity <= (object.isEntry ? 0 : EVERYTHING)) continue;
    if (!isOk && !object.isEntry && verbosity <= 0) continue;
    const rest = isOk ? '' : (modifiers.get(object.path) ?? '   ');
    yield `${wordOf(object).padStart(REASON)}  ${object.path}${rest}\n`;
  }
}

function wordOf({ state, reason }: HoardedObject): string {
  if (state === 'present') return 'OK';
  return reason === 'not walked' ? '*** Not bound ***' : '*** Missing/Invalid ***';
}

function pathOfEntry(client: CacheManager, { volume, name }: StoredEntry): string {
  return pathOf(client, volume, name);
}

function modifier({ expansion }: StoredEntry): string {
  return expansion === 'none' ? '   ' : ` ${EXPANSIONS[expansion]}`;
}
