/** Writes and verifies checkpoints on the disk (spec/cml.md, 5.2). */
import { constants } from 'node:fs';
import { type FileHandle, chmod, link, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeText } from '../ipc/text.ts';
import { CodaError } from '../ipc/errors.ts';
import { encodeArchive } from './archive/archiveWriter.ts';
import type { ArchiveFormat, ArchiveItem } from './archive/entry.ts';
import { fileInput } from './archive/input.ts';
import {
  type CheckpointOwner,
  archiveExtension,
  checkpointName,
  logPathOf,
  otherExtensions,
} from './checkpointNames.ts';
import type { CmlLine } from './cmlLine.ts';
import { formatCmlLine } from './cmlText.ts';
import { systemCode } from '../disk/systemCode.ts';
import { diskPath } from './diskPath.ts';
import { type Verification, verifyCheckpoint } from './verify.ts';

/** What a checkpoint is made of. */
export interface CheckpointContents {
  /** The log, in its order. */
  readonly lines: AsyncIterable<CmlLine> | Iterable<CmlLine>;
  /** Every object of the log at its final name, relative to the volume's root (spec/cml.md, 5.3). */
  readonly entries: AsyncIterable<ArchiveItem> | Iterable<ArchiveItem>;
}

/** A checkpoint that was written. */
export interface WrittenCheckpoint {
  /** Paths. */
  readonly archive: string;
  readonly log: string;
  /** Lines of the log. */
  readonly entries: number;
  /** Entries of the archive. */
  readonly members: number;
  /** Regular files among them, and their bytes. */
  readonly files: number;
  readonly bytes: number;
}

/** Where a checkpoint should go there is something that is no private directory. */
export class SpoolError extends CodaError {
  readonly code = 'spool';
}

const [PRIVATE_DIRECTORY, PRIVATE_FILE] = [0o700, 0o600];
const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
const [LOG_CHUNK, READ_CHUNK] = [64 * 1024, 256 * 1024];

/**
 * Writes `SPOOL/UID/REALM_VOLUME.tar` (or .cpio) and `.cml`; what had these names becomes `.old`. When this resolves both
 * are on the disk. On any error neither new file is left and the former ones keep their names. Of one log only one
 * checkpoint may be written at a time.
 * @param spool made if it is not there
 * @param format by default pax, which holds any size and name
 * @throws ArchiveLimitError, ArchiveContentsError, SpoolError, system errors (ENOSPC, …)
 */
export async function writeCheckpoint(
  spool: string,
  owner: CheckpointOwner,
  { lines, entries }: CheckpointContents,
  format: ArchiveFormat = 'pax',
): Promise<WrittenCheckpoint> {
  const directory = join(spool, String(owner.uid));
  await makePrivateDirectory(directory);
  const base = join(directory, checkpointName(owner));
  const archive = base + archiveExtension(format);
  const log = `${base}.cml`;
  const [newArchive, newLog] = [hidden(archive), hidden(log)];
  const totals = { members: 0, files: 0, bytes: 0 };
  try {
    const count = await writeNew(newLog, (file) => writeLines(file, lines));
    await writeNew(newArchive, (file) => writeChunks(file, encodeArchive(format, entries, totals)));
    for (const extension of otherExtensions(format)) await moveAside(base + extension);
    await keepOld(archive);
    await keepOld(log);
    await publish(newArchive, archive, newLog, log);
    await syncDirectory(directory);
    return { archive, log, entries: count, ...totals };
  } catch (error) {
    await removeFile(newArchive);
    await removeFile(newLog);
    throw error;
  }
}

/**
 * Verifies a checkpoint on the disk against the .cml text beside it.
 * @param options.pending how many entries the log has, where it is known
 * @param options.root path of the volume's root as the log has it, where it is known
 * @throws system errors other than ENOENT
 */
export async function verifyCheckpointFiles(
  archive: string,
  options: { readonly log?: string; readonly pending?: number; readonly root?: string } = {},
): Promise<Verification> {
  const { log = logPathOf(archive), ...known } = options;
  const logFile = log === undefined ? undefined : await openIfThere(log);
  const archiveFile = await openIfThere(archive);
  try {
    const result = await verifyCheckpoint({
      ...(logFile === undefined ? { lines: [] } : { text: chunksOf(logFile) }),
      archive: archiveFile && (await fileInput(archiveFile)),
      ...known,
    });
    return logFile === undefined || archiveFile === undefined
      ? withoutFile(result, log, archiveFile)
      : result;
  } finally {
    await archiveFile?.close();
    await logFile?.close();
  }
}

/** What cannot be compared with its log is not verified, nor is what is not there. */
function withoutFile(
  result: Verification,
  log: string | undefined,
  archive: FileHandle | undefined,
): Verification {
  const message = `there is no log to compare with${log === undefined ? '' : `: ${log}`}`;
  const problem =
    archive === undefined
      ? ({ kind: 'no-archive', message: 'there is no archive' } as const)
      : ({ kind: 'log', message } as const);
  if (result.problems.some(({ kind }) => kind === problem.kind)) return result;
  const problems = [problem, ...result.problems];
  return { ...result, verified: false, problems, problemCount: result.problemCount + 1 };
}

/** Opens a regular file; undefined if there is nothing by that name. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(diskPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** All bytes of an open file, which stays open. */
export async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  const readAt = (position: number) => file.read(new Uint8Array(READ_CHUNK), 0, READ_CHUNK, position);
  let ahead = readAt(0);
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await ahead;
    if (bytesRead === 0) return;
    position += bytesRead;
    // The next is read while this one is looked at; whoever asks for it meets the error.
    ahead = readAt(position);
    ahead.catch(() => undefined);
    yield buffer.subarray(0, bytesRead);
  }
}

async function writeLines(file: FileHandle, lines: CheckpointContents['lines']): Promise<number> {
  let [text, count] = ['', 0];
  for await (const line of lines) {
    text += `${formatCmlLine(line)}\n`;
    count += 1;
    if (text.length < LOG_CHUNK) continue;
    await file.writeFile(encodeText(text));
    text = '';
  }
  await file.writeFile(encodeText(text));
  return count;
}

async function writeChunks(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const bytes of chunks) await file.writeFile(bytes);
}

/** Makes a private file and brings what is written to the disk. */
async function writeNew<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  // One that a venus left that was killed.
  await removeFile(path);
  const file = await open(diskPath(path), CREATE, PRIVATE_FILE);
  try {
    await file.chmod(PRIVATE_FILE);
    const result = await write(file);
    await file.sync();
    return result;
  } finally {
    await file.close();
  }
}

/** Gives both new files their names, or neither. */
async function publish(newArchive: string, archive: string, newLog: string, log: string): Promise<void> {
  await rename(diskPath(newArchive), diskPath(archive));
  try {
    await rename(diskPath(newLog), diskPath(log));
  } catch (error) {
    await removeFile(archive);
    throw error;
  }
}

/** A file's former contents get the name `.old` while it keeps its own until it is replaced, whatever happens. */
async function keepOld(path: string): Promise<void> {
  const second = `${hidden(path)}.old`;
  await removeFile(second);
  try {
    await link(diskPath(path), diskPath(second));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  await rename(diskPath(second), diskPath(`${path}.old`));
}

/** An archive in another format than the new one would be taken for a part of the new checkpoint. */
async function moveAside(path: string): Promise<void> {
  try {
    await rename(diskPath(path), diskPath(`${path}.old`));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  await rm(diskPath(path), { force: true });
}

/** The name of a file while it is written. */
function hidden(path: string): string {
  return join(dirname(path), `.${path.slice(dirname(path).length + 1)}.new`);
}

async function makePrivateDirectory(path: string): Promise<void> {
  const first = await mkdir(diskPath(path), { recursive: true, mode: PRIVATE_DIRECTORY });
  const found = await lstat(diskPath(path));
  if (!found.isDirectory()) {
    throw new SpoolError(`${path}: not a directory`, { why: 'A checkpoint never goes through a link.' });
  }
  if ((found.mode & 0o7777) !== PRIVATE_DIRECTORY) await chmod(diskPath(path), PRIVATE_DIRECTORY);
  if (first === undefined) return;
  // The names of all that are new are in the directories above them.
  for (let made = path; made !== dirname(made); made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first) return;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(diskPath(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
