import { DumpDamagedError } from '../../../dump/errors.ts';
import { type ObjectId, isDirectory } from '../../../dump/record.ts';
import { StateDigest } from '../../../dump/state.ts';
import { type DirectoryVnode, ROOT_VNODE, type Vnode, unitsOf } from '../../tree/vnodes.ts';
import { type VolumeTables, breathe } from './volumeTables.ts';

/** What has been seen of a volume, looking at all of its objects. */
export interface Examination {
  /** The number of the directory that each directory is in; none for the root. */
  readonly directories: ReadonlyMap<number, number | undefined>;
  /** Directories that objects are in and that are not there: vnode and unique. */
  readonly missing: ReadonlyMap<number, number>;
  /** Largest numbers in use. */
  readonly largest: { readonly directory: number; readonly file: number; readonly unique: number };
}

/** Steps between two pauses for others. */
const STEPS = 256;

/** Runs something long to its end, while others work too. */
export async function slowly<Result>(steps: Generator<void, Result>): Promise<Result> {
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done) return step.value;
    if (count % STEPS === 0) await breathe();
  }
}

/** Runs something long to its end, inside a transaction. */
export function atOnce<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The digest of a volume's state. */
export function* stateOf(tables: VolumeTables, volume: number): Generator<void, Uint8Array> {
  const digest = new StateDigest();
  for (const entry of tables.index(volume)) {
    digest.add(entry);
    yield;
  }
  return digest.finish();
}

/** Looks at all objects of a volume. @throws DumpDamagedError where one is in what is no directory */
export function* examine(tables: VolumeTables, volume: number): Generator<void, Examination> {
  const directories = new Map<number, number | undefined>();
  const missing = new Map<number, number>();
  const largest = { directory: 0, file: 0, unique: 0 };
  for (const { fid, parent } of tables.vnodes(volume)) {
    const kind = isDirectory(fid) ? 'directory' : 'file';
    largest[kind] = Math.max(largest[kind], fid.vnode);
    largest.unique = Math.max(largest.unique, fid.unique);
    if (kind === 'directory') directories.set(fid.vnode, parent?.vnode);
    if (parent) noteParent(parent, tables.vnode(volume, parent.vnode), missing);
    yield;
  }
  if (!directories.has(ROOT_VNODE)) missing.set(ROOT_VNODE, ROOT_VNODE);
  return { directories, missing, largest };
}

function noteParent(parent: ObjectId, found: Vnode | undefined, missing: Map<number, number>): void {
  const known = found?.fid.unique ?? missing.get(parent.vnode);
  if (known !== undefined && known !== parent.unique)
    impossible('an object is in a directory of another time');
  if (!found) missing.set(parent.vnode, parent.unique);
}

/** @throws DumpDamagedError where directories are in each other, and in no way below the root */
export function checkBelowRoot(directories: Examination['directories']): void {
  const good = new Set<number>([ROOT_VNODE]);
  for (const start of directories.keys()) {
    const way: number[] = [];
    for (let at: number | undefined = start; at !== undefined && !good.has(at); at = directories.get(at)) {
      if (way.length > directories.size) impossible('directories are in each other');
      way.push(at);
    }
    for (const vnode of way) good.add(vnode);
  }
}

/** A directory with its entries counted. */
export function recounted(tables: VolumeTables, directory: DirectoryVnode): DirectoryVnode {
  let [entryCount, nameUnits, linkCount] = [0, 0, 2];
  for (const { name, entry } of tables.entriesOf(directory.fid.volume, directory.fid.vnode)) {
    entryCount += 1;
    nameUnits += unitsOf(name);
    if (entry.type === 'directory') linkCount += 1;
  }
  return { ...directory, entryCount, nameUnits, linkCount };
}

/** A dump whose checksums are right, and which nobody can have made of a volume. */
export function impossible(what: string): never {
  throw new DumpDamagedError({ kind: 'malformed', offset: 0n, length: 0n, what });
}
