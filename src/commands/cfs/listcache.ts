import { closeSync, openSync, writeSync } from 'node:fs';
import { ROOT, call } from '../../ipc/call.ts';
import { type CacheListing, listCache, listCacheOfVolume } from '../../ipc/calls/listCache.ts';
import { getMountPoint } from '../../ipc/calls/getMountPoint.ts';
import { systemCode } from '../../disk/systemCode.ts';
import { CodaError } from '../../ipc/errors.ts';
import { type Listing, ListingError, openListing } from '../../ipc/listingFile.ts';
import { decodeText } from '../../ipc/text.ts';
import { formatJson } from '../../term/json.ts';
import { CacheLines } from '../cacheLines.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError } from '../exitStatus.ts';
import { parseVolumeId } from '../volumeId.ts';

export const listcache: Command = {
  usage: 'cfs listcache [-f <file>] [-l] [-ov] [-onv] [-all] [<vol> <vol> ...]',
  summary: 'list what is cached: of all volumes, or of those named',
  description: [
    'A volume is named by the path of its root, or by its id and realm, as 7f000001@example.org. A star stands before what is not valid, not ' +
      'whole, or not on the servers yet.',
  ],
  options: [
    { flags: '-f, --file <file>', summary: 'write to a new file' },
    {
      flags: '-l, --long',
      summary: 'with types and fids: m is a mount point, l one that is not mounted, / a root',
    },
    { flags: '--ov', summary: 'only what is valid' },
    { flags: '--onv', summary: 'only what is not valid' },
    { flags: '-a, --all', summary: 'both, as without any of these' },
  ],
  examples: ['cfs lc -l .', 'cfs lc -onv', 'cfs lc 7f000001@example.org'],
  optionsFirst: true,

  async run(context, volumes, options) {
    const output = openOutput(context, options.value('file'));
    if (output === undefined) return;
    try {
      const listing = readListing(context, options);
      await listAll(context, output, volumes, listing);
    } finally {
      output.close();
    }
    if (context.json && context.failures.length > 0) context.printJsonLine({ failures: context.failures });
  },
};

/** Of valid and not valid neither stands for both. */
function readListing(context: Context, options: Options): CacheListing {
  const [valid, invalid, all] = [options.flag('ov'), options.flag('onv'), options.flag('all')];
  const isBoth = all || valid === invalid;
  return { long: options.flag('long') || context.json, valid: isBoth || valid, invalid: isBoth || invalid };
}

/** Venus is asked for one after the other; the first failure ends it. */
async function listAll(
  context: Context,
  output: Output,
  volumes: readonly string[],
  listing: CacheListing,
): Promise<void> {
  const venus = await context.pioctls();
  if (volumes.length === 0) {
    await listOne(context, output, undefined, () => call(venus, listCache, ROOT, listing));
    return;
  }
  for (const typed of volumes) {
    const path = await pathOfVolume(context, typed);
    if (path === undefined) return;
    const ask = () => call(venus, listCacheOfVolume, path, listing);
    if (!(await listOne(context, output, typed, ask))) return;
  }
}

/** The C tool takes any word that begins with a hexadecimal digit for a volume id, and then fails (spec/cfs.md, Q9). */
async function pathOfVolume(context: Context, typed: string): Promise<string | undefined> {
  const volume = typed.includes('/') ? undefined : parseVolumeId(typed);
  try {
    if (!volume) return (await context.target(typed)).path;
    const path = context.userPath(await call(await context.pioctls(), getMountPoint, ROOT, volume));
    return (await context.target(path)).path;
  } catch (error) {
    await context.fail(error, volume ? 'Failed in GetMountPoint.' : 'Failed in ListCache.', typed);
    return undefined;
  }
}

/** @returns whether to go on */
async function listOne(
  context: Context,
  output: Output,
  typed: string | undefined,
  ask: () => Promise<string>,
): Promise<boolean> {
  try {
    const listing = openListing(await ask(), 'listcache', context.surroundings.uid);
    if (!listing.removed) context.terminal.err(`${listing.file} could not be removed\n`);
    copy(context, listing, output);
    context.succeed();
    return true;
  } catch (error) {
    const isUnreadable = error instanceof ListingError;
    // The C tool goes on, and ends with 0, where the file cannot be opened.
    await context.fail(error, 'Failed in ListCache.', typed, isUnreadable ? 0 : undefined);
    return isUnreadable;
  }
}

/** Streams: a cache may hold any number of objects. */
function copy(context: Context, listing: Listing, output: Output): void {
  const lines = new CacheLines();
  for (const part of listing.lines()) {
    if (context.json) {
      const objects = lines.read(decodeText(part));
      output.write(Buffer.from(objects.map((object) => formatJson(object, 0)).join('')));
    } else output.write(part);
  }
}

interface Output {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** @returns undefined if the file cannot be made, which is reported */
function openOutput(context: Context, file: string | undefined): Output | undefined {
  if (file === undefined) return toTerminal(context);
  if (file === '') throw new UsageError('-f: which file?');
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    return {
      write: (bytes) => writeWhole(descriptor, bytes),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    context.print(`Cannot create file: ${file}\n`);
    context.note(error instanceof CodaError ? error.message : String(error));
    context.count(ExitStatus.Failed);
    return undefined;
  }
}

function toTerminal(context: Context): Output {
  const write = (bytes: Uint8Array) =>
    context.terminal.outIsTerminal ? context.print(decodeText(bytes)) : context.terminal.outBytes(bytes);
  return { write, close: () => undefined };
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
}
