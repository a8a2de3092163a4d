import { createReadStream, fstatSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { joinPath } from '../../ipc/codaPath.ts';
import { CodaError, isErrno } from '../../ipc/errors.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';

const [STDIN, DEFAULT_MODE] = [0, 0o644];

/** The file to be copied could not be read. */
class LocalFileError extends CodaError {
  readonly code = 'local-file';
}

export const put: Command = {
  usage: 'coda put [--mode MODE] [--exclusive] <local file | -> <path>',
  summary: 'copy a file, or stdin, into Coda',
  description: [
    'The file in Coda is replaced as a whole: others see the old contents or the new, never a part.',
  ],
  options: [
    { flags: '--mode <octal>', summary: 'mode of a new file (default that of the local file)' },
    { flags: '--exclusive', summary: 'refuse to replace what is there' },
  ],
  words: { min: 2, max: 2 },

  async run(context, [local = '', typed = ''], options) {
    const files = await context.files();
    const source = openLocal(local);
    const { path } = await context.target(typed);
    const name = local === '-' ? undefined : basename(local);
    try {
      const target = await intoDirectory(files, path, name);
      const mode = readMode(options.value('mode')) ?? source.mode;
      const stored = files.write(target, source.contents, { mode, exclusive: options.flag('exclusive') });
      await context.waitFor(`${local} to be stored`, stored);
      context.succeed();
    } catch (error) {
      await context.fail(error, typed, typed);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

/** Into a directory a file is copied under its own name. */
async function intoDirectory(files: FileTree, path: string, name: string | undefined): Promise<string> {
  if (name === undefined) return path;
  try {
    const { status } = await files.resolve(path);
    return status.type === 'directory' ? joinPath(path, name) : path;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return path;
    throw error;
  }
}

function openLocal(local: string): { readonly mode: number; readonly contents: AsyncIterable<Uint8Array> } {
  try {
    const fd = local === '-' ? STDIN : openSync(local, 'r');
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw new Error('it is a directory');
    return {
      mode: local === '-' ? DEFAULT_MODE : stats.mode & 0o777,
      contents: createReadStream('', { fd }),
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LocalFileError(`${local}: cannot be read`, { why }, { cause });
  }
}

function readMode(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-7]{1,4}$/.test(text)) throw new UsageError(`--mode: ${text} is not an octal mode`);
  return Number.parseInt(text, 8);
}
