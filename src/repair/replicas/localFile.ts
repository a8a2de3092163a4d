/** Fix files on this machine: written by compareDirs, read by doRepair. */
import { lstat, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CodaError, NotCodaPathError } from '../../ipc/errors.ts';
import { printable } from '../../term/printable.ts';
import { parseFixText } from './fixText.ts';

/** A file that cannot be used as it was named. */
export class LocalFileError extends CodaError {
  readonly code = 'local-file';
}

/** Whether a path of this machine lies in Coda, as far as the tool can tell. */
export type CodaTest = (absolute: string) => Promise<boolean>;

/** @param toVenusPath throws NotCodaPathError for what does not lie in Coda */
export function codaTest(toVenusPath: (path: string) => Promise<string>): CodaTest {
  return async (absolute) => {
    try {
      await toVenusPath(absolute);
      return true;
    } catch (error) {
      if (error instanceof NotCodaPathError) return false;
      throw error;
    }
  };
}

/**
 * The absolute path of a fix file that is outside Coda, whether it is there yet or not.
 * @throws LocalFileError
 */
export async function outsideCoda(typed: string, isInCoda: CodaTest): Promise<string> {
  const absolute = resolve(typed);
  const directory = await realpath(dirname(absolute)).catch(() => dirname(absolute));
  const paths = [absolute, join(directory, basename(absolute))];
  for (const path of paths)
    if (await isInCoda(path))
      throw new LocalFileError(`${printable(typed)} is in Coda and cannot be used as the fix file`, {
        why: 'It could be in conflict, or come into it by the repair.',
        next: 'Name a file elsewhere, as /tmp/fix',
      });
  return absolute;
}

/**
 * Replaces a fix file as a whole.
 * @throws LocalFileError where there is something else by that name, or nothing can be written
 */
export async function writeFixFile(path: string, contents: Uint8Array): Promise<void> {
  try {
    if (!(await isReplaceable(path))) {
      // A device, as /dev/null.
      await writeFile(path, contents);
      return;
    }
    const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}`);
    try {
      await writeFile(unfinished, contents, { flag: 'wx' });
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  } catch (error) {
    throw asLocal(error, `Could not open file ${printable(path)} for writing`);
  }
}

/** Nothing that somebody needs is overwritten. */
async function isReplaceable(path: string): Promise<boolean> {
  const status = await lstat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!status) return true;
  if (!status.isFile() && !status.isDirectory() && !status.isSymbolicLink()) return false;
  if (status.isFile()) {
    try {
      parseFixText(await readFile(path), path);
      return true;
    } catch (error) {
      if (!(error instanceof CodaError)) throw error;
    }
  }
  throw new LocalFileError(`${printable(path)} is there and is no fix file`, {
    why: 'It would be overwritten.',
    next: 'Name another file, or remove it.',
  });
}

/** @throws LocalFileError */
export async function readFixFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw asLocal(error, `Error in fix file ${printable(path)}`);
  }
}

export function asLocal(error: unknown, what: string): unknown {
  if (error instanceof CodaError || !(error instanceof Error)) return error;
  return new LocalFileError(`${what}: ${error.message}`, {}, { cause: error });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
