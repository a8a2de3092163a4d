import { type FileHandle, open } from 'node:fs/promises';
import { read } from 'node:fs';
import { CodaError } from '../ipc/errors.ts';
import { systemCode } from '../disk/systemCode.ts';

/** A file that a dump is read from or written to makes trouble. */
export class DumpFileError extends CodaError {
  readonly code = 'dump-file';
}

export interface DumpInput {
  /** As it was typed; `stdin` for `-`. */
  readonly name: string;
  /** Bytes, where that can be known. */
  readonly size: number | undefined;
  /** Each piece holds until the next one is asked for. */
  readonly bytes: AsyncGenerator<Uint8Array>;
}

const [STDIN, PIECE] = [0, 1024 * 1024];

/** Opens a dump, `-` for stdin. It is read once, from its start to its end. @throws DumpFileError */
export async function openDump(typed: string): Promise<DumpInput> {
  if (typed === '-') return { name: 'stdin', size: undefined, bytes: piecesOf(STDIN, 'stdin') };
  const file = await open(typed, 'r').catch((error: unknown) => unreadable(typed, error));
  const stats = await file.stat();
  if (stats.isDirectory()) unreadable(typed, new Error('it is a directory'));
  return { name: typed, size: stats.isFile() ? stats.size : undefined, bytes: piecesOfFile(file, typed) };
}

async function* piecesOfFile(file: FileHandle, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* piecesOf(file.fd, name);
  } finally {
    await file.close();
  }
}

async function* piecesOf(fd: number, name: string): AsyncGenerator<Uint8Array> {
  for (;;) {
    // A buffer of its own for each piece: who sends it may hold it longer than until the next.
    const buffer = Buffer.allocUnsafeSlow(PIECE);
    const size = await readSome(fd, buffer).catch((error: unknown) => unreadable(name, error));
    if (size === 0) return;
    yield buffer.subarray(0, size);
  }
}

function readSome(fd: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const attempt = () =>
      read(fd, buffer, 0, buffer.length, null, (error, size) => {
        // A pipe that somebody made non-blocking is empty.
        if (error && systemCode(error) === 'EAGAIN') setTimeout(attempt, 2);
        else if (error) reject(error);
        else resolve(size);
      });
    attempt();
  });
}

function unreadable(name: string, cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new DumpFileError(`${name}: cannot be read`, { why }, { cause });
}
