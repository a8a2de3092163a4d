/** Finds checkpoints in spool directories, those of venus and ours (spec/cml.md, 5.2). */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText } from '../ipc/text.ts';
import { chunksOf, openIfThere } from './checkpointFiles.ts';
import { parseCheckpointFile } from './checkpointNames.ts';
import { CmlScanner, CmlTextError, readRecord } from './cmlRecords.ts';
import { systemCode } from '../disk/systemCode.ts';
import { diskPath } from './diskPath.ts';

export interface FoundCheckpoint {
  /** Local uid of the log's owner. */
  readonly uid: number;
  /** `REALM_VOLUME`. */
  readonly name: string;
  /** Whether it is the one before the newest. */
  readonly isOld: boolean;
  /** Paths; a checkpoint without an archive holds no data. */
  readonly archive: string | undefined;
  readonly log: string | undefined;
  /** When it was written, in milliseconds since 1970. */
  readonly modified: number;
  /** Entries of the log; undefined if it cannot be read. */
  readonly entries: number | undefined;
  /** Of the archive. */
  readonly bytes: number;
}

/** A directory that could not be looked into. */
export interface UnreadableSpool {
  readonly path: string;
  readonly message: string;
}

type Found = Pick<FoundCheckpoint, 'name' | 'isOld' | 'archive' | 'log'>;

/**
 * All checkpoints in the uid directories of some spool directories, the newest first. Directories that are not there
 * count as empty.
 */
export async function findCheckpoints(spools: readonly string[]): Promise<{
  readonly checkpoints: readonly FoundCheckpoint[];
  readonly unreadable: readonly UnreadableSpool[];
}> {
  const checkpoints: FoundCheckpoint[] = [];
  const unreadable: UnreadableSpool[] = [];
  for (const spool of new Set(spools)) {
    for (const uid of await namesIn(spool, unreadable)) {
      if (!/^\d{1,10}$/.test(uid)) continue;
      for (const found of await pairsIn(join(spool, uid), unreadable)) {
        checkpoints.push(await describe(Number(uid), found));
      }
    }
  }
  checkpoints.sort((one, other) => other.modified - one.modified);
  return { checkpoints, unreadable };
}

/** The spool directories of the embedded venus's clients: `DATA/clients/NAME/checkpoints`. */
export async function spoolsOfClients(dataDirectory: string): Promise<readonly string[]> {
  const clients = join(dataDirectory, 'clients');
  return (await namesIn(clients, [])).map((name) => join(clients, name, 'checkpoints'));
}

/** Archives with their logs, and logs without one. */
async function pairsIn(directory: string, unreadable: UnreadableSpool[]): Promise<readonly Found[]> {
  const logs = new Map<string, Found>();
  const archives: Found[] = [];
  for (const file of await namesIn(directory, unreadable)) {
    const parsed = parseCheckpointFile(file);
    if (parsed === undefined) continue;
    const { name, kind, isOld } = parsed;
    const path = join(directory, file);
    if (kind === 'log') logs.set(keyOf(parsed), { name, isOld, archive: undefined, log: path });
    else archives.push({ name, isOld, archive: path, log: undefined });
  }
  const pairs = archives.map((found) => ({ ...found, log: logs.get(keyOf(found))?.log }));
  for (const found of archives) logs.delete(keyOf(found));
  return [...pairs, ...logs.values()];
}

function keyOf({ name, isOld }: { readonly name: string; readonly isOld: boolean }): string {
  return `${name}/${isOld ? 'old' : ''}`;
}

async function describe(uid: number, found: Found): Promise<FoundCheckpoint> {
  const path = found.archive ?? found.log ?? '';
  const { mtimeMs, size } = await stat(diskPath(path));
  const entries = found.log === undefined ? undefined : await countEntries(found.log);
  return { uid, ...found, modified: mtimeMs, entries, bytes: found.archive === undefined ? 0 : size };
}

async function countEntries(log: string): Promise<number | undefined> {
  const file = await openIfThere(log);
  if (file === undefined) return undefined;
  try {
    let count = 0;
    const scanner = new CmlScanner({
      see: (record) => {
        readRecord(record);
        count += 1;
      },
    });
    for await (const chunk of chunksOf(file)) scanner.take(chunk);
    scanner.finish();
    return count;
  } catch (error) {
    if (error instanceof CmlTextError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

async function namesIn(directory: string, unreadable: UnreadableSpool[]): Promise<readonly string[]> {
  try {
    return (await readdir(diskPath(directory), { encoding: 'buffer' })).map(decodeText).sort();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') unreadable.push({ path: directory, message: code });
    return [];
  }
}
