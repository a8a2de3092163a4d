/** Whether a checkpoint holds what its log says: nothing may be thrown away before it does (spec/cml.md, 5 and 6). */
import { ArchiveReader } from './archive/archiveReader.ts';
import type { ArchiveEntry } from './archive/entry.ts';
import { ArchiveError } from './archive/errors.ts';
import type { ArchiveInput } from './archive/input.ts';
import type { CmlLine } from './cmlLine.ts';
import { CmlScanner, CmlTextError, readRecord } from './cmlRecords.ts';
import { FinalNames } from './finalNames.ts';
import { NameCheck } from './nameCheck.ts';

/** Something that keeps a checkpoint from counting as verified. */
export type Problem =
  /** The log cannot be read, or has not as many entries as there are pending. */
  | { readonly kind: 'log'; readonly message: string; readonly line?: number }
  | { readonly kind: 'no-archive'; readonly message: string }
  | { readonly kind: 'archive'; readonly message: string; readonly offset: number }
  /** The archive holds nothing although the log has contents, or may have some. */
  | { readonly kind: 'empty'; readonly message: string }
  /** A name that must be in the archive is not, or is something else. */
  | { readonly kind: 'missing' | 'size' | 'type'; readonly name: string; readonly message: string };

export interface Verification {
  /** Whether all of the log's data is in the archive: there are no problems. */
  readonly verified: boolean;
  /** Lines of the log. */
  readonly entries: number;
  /** Entries of the archive, of all kinds. */
  readonly members: number;
  /** Regular files in the archive; further names of one are not counted. */
  readonly files: number;
  /** Bytes in those files. */
  readonly bytes: number;
  /** Whether the log has entries, but none with contents, and the archive holds nothing. */
  readonly nothingToArchive: boolean;
  /** The first hundred. */
  readonly problems: readonly Problem[];
  /** All of them. */
  readonly problemCount: number;
}

/** The log in its order: understood already, or as text, which takes less time. */
export type Log =
  | { readonly lines: AsyncIterable<CmlLine> | Iterable<CmlLine> }
  | { readonly text: AsyncIterable<Uint8Array> };

export type Checkpoint = Log & {
  /** Undefined where there is none. */
  readonly archive: ArchiveInput | undefined;
  /** Path of the volume's root, as the lines have it; found out by comparing if absent. */
  readonly root?: string;
  /** How many entries are pending, where it is known. */
  readonly pending?: number;
};

const MAX_PROBLEMS = 100;

/**
 * Compares an archive with its log. Memory does not grow with the size of files, only with the number of names.
 * @throws nothing that is wrong with the checkpoint, but what reading fails with otherwise (EIO, …)
 */
export async function verifyCheckpoint(checkpoint: Checkpoint): Promise<Verification> {
  const problems: Problem[] = [];
  let problemCount = 0;
  const report = (problem: Problem) => {
    problemCount += 1;
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  const read = await readLog(checkpoint, report);
  // Where the log cannot be read to its end, nothing is known of the names that things have there.
  const names = read ?? new FinalNames();
  const isWhole = read !== undefined && isPending(read, checkpoint.pending, report);
  const entries = Math.max(names.entries, checkpoint.pending ?? 0);
  const totals = { members: 0, files: 0, bytes: 0 };
  const check = new NameCheck(names, checkpoint.root);
  const { archive } = checkpoint;
  if (archive === undefined) {
    if (entries > 0) report({ kind: 'no-archive', message: 'there is no archive' });
  } else if (await readArchive(archive, check, totals, entries, report)) {
    const isComplete = totals.members > 0 || (isWhole && names.haveNoContents);
    if (!isComplete) report({ kind: 'empty', message: emptyMessage(entries) });
  }
  if (archive !== undefined) check.finish(report);
  const verified = problemCount === 0;
  const nothingToArchive = verified && names.entries > 0 && totals.members === 0;
  return { verified, entries: names.entries, ...totals, nothingToArchive, problems, problemCount };
}

/** @returns undefined if it cannot be understood */
async function readLog(log: Log, report: (problem: Problem) => void): Promise<FinalNames | undefined> {
  const names = new FinalNames();
  try {
    if ('text' in log) await readText(log.text, names);
    else for await (const line of log.lines) names.apply(line);
    return names;
  } catch (error) {
    if (!(error instanceof CmlTextError)) throw error;
    report({ kind: 'log', message: error.message, line: error.line });
    return undefined;
  }
}

async function readText(text: AsyncIterable<Uint8Array>, names: FinalNames): Promise<void> {
  const scanner = new CmlScanner({
    see: (record) => {
      names.apply(readRecord(record));
    },
    take: (bytes, from, whole) => names.takePlain(bytes, from, whole),
  });
  for await (const chunk of text) scanner.take(chunk);
  scanner.finish();
}

function isPending(
  { entries }: FinalNames,
  pending: number | undefined,
  report: (problem: Problem) => void,
): boolean {
  if (pending === undefined || pending === entries) return true;
  report({ kind: 'log', message: `the log has ${entries} entries, but ${pending} are pending` });
  return false;
}

/** @returns whether it could be read to its end */
async function readArchive(
  input: ArchiveInput,
  check: NameCheck,
  totals: { members: number; files: number; bytes: number },
  entries: number,
  report: (problem: Problem) => void,
): Promise<boolean> {
  try {
    const reader = await ArchiveReader.open(input);
    for (let batch = await reader.nextBatch(); batch.length > 0; batch = await reader.nextBatch()) {
      for (const { entry } of batch) {
        count(entry, totals);
        check.see(entry);
      }
    }
    return true;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    if (error.fault === 'empty' && entries === 0) return false;
    report({ kind: 'archive', message: error.message, offset: error.offset });
    return false;
  }
}

function emptyMessage(entries: number): string {
  return `the archive is empty although the log has ${entries} entries, not all of them surely without contents`;
}

function count(entry: ArchiveEntry, totals: { members: number; files: number; bytes: number }): void {
  totals.members += 1;
  if (entry.type !== 'file') return;
  totals.files += 1;
  totals.bytes += entry.size;
}
