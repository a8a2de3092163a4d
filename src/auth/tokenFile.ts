/**
 * Token files, as `clog -tofile` writes them (spec/auth.md, 7.3; coda-token(5)):
 *
 *     *** Coda Token ***
 *     base64 of the clear token (24 bytes, big-endian) and the secret token (56 bytes), 72 characters a line
 *
 * Neither realm nor user is in them. They are as good as the password while they live.
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { CLEAR_TOKEN_SIZE, SECRET_TOKEN_SIZE, type Token } from '../ipc/clearToken.ts';
import { CodaError } from '../ipc/errors.ts';

const HEADER = '*** Coda Token ***';
const LINE = 72;
const PRIVATE = 0o600;

/** The file could not be opened. */
export class TokenFileError extends CodaError {
  readonly code = 'token-file';
  override readonly unlabelled = true;
}

/** The file is there, but holds no token. */
export class CorruptTokenFileError extends CodaError {
  readonly code = 'corrupt-token-file';
  override readonly unlabelled = true;
}

export function formatTokenFile({ clear, secret }: Token): string {
  const bytes = Buffer.alloc(CLEAR_TOKEN_SIZE);
  bytes.writeInt32BE(clear.authHandle, 0);
  bytes.set(clear.handshakeKey, 4);
  bytes.writeInt32BE(clear.viceId, 12);
  bytes.writeInt32BE(clear.begins, 16);
  bytes.writeInt32BE(clear.ends, 20);
  const text = Buffer.concat([bytes, secret]).toString('base64');
  const lines = text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Skips the first line, ignores what is no base64, stops at the padding. @throws CorruptTokenFileError */
export function parseTokenFile(text: string): Token {
  const firstLine = /^[^\n\r]*[\n\r]/.exec(text)?.[0] ?? text;
  const [base64 = ''] = text
    .slice(firstLine.length)
    .replace(/[^A-Za-z0-9+/=]/g, '')
    .split('=');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== CLEAR_TOKEN_SIZE + SECRET_TOKEN_SIZE) {
    throw new CorruptTokenFileError('Corrupted token file?', {
      why: `It holds ${bytes.length} bytes where a token has ${CLEAR_TOKEN_SIZE + SECRET_TOKEN_SIZE}.`,
      next: 'Write a new one with: clog -tofile FILE USER@REALM',
    });
  }
  return {
    clear: {
      authHandle: bytes.readInt32BE(0),
      handshakeKey: new Uint8Array(bytes.subarray(4, 12)),
      viceId: bytes.readInt32BE(12),
      begins: bytes.readInt32BE(16),
      ends: bytes.readInt32BE(20),
    },
    secret: new Uint8Array(bytes.subarray(CLEAR_TOKEN_SIZE)),
  };
}

/** @throws TokenFileError, CorruptTokenFileError */
export function readTokenFile(path: string): Token {
  return parseTokenFile(readText(path));
}

/** Writes the file as a whole, readable for its owner alone from the first moment on. @throws TokenFileError */
export function writeTokenFile(path: string, token: Token): void {
  const target = fileBehind(path);
  const unfinished = `${target}.${process.pid}.tmp`;
  try {
    const fd = openSync(unfinished, 'wx', PRIVATE);
    try {
      fchmodSync(fd, PRIVATE);
      writeSync(fd, formatTokenFile(token));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unfinished, target);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw new TokenFileError(`Failed to write ${path}.`, { why: reason(cause) }, { cause });
  }
}

/** A link stays, and what it leads to is replaced; a device or a pipe is no place for a file. @throws TokenFileError */
function fileBehind(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return path;
  if (found.isFile()) return realpathSync(path);
  throw new TokenFileError(`Failed to write ${path}.`, {
    why: 'There is something else than a file by that name.',
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    throw new TokenFileError(`Failed to open ${path}.`, { why: reason(cause) }, { cause });
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
