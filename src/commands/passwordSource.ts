import { spawnSync } from 'node:child_process';
import { type Stats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { CodaError } from '../ipc/errors.ts';
import { systemCode } from '../disk/systemCode.ts';
import { askPassword, readLine, readStdinLine } from '../term/prompts.ts';
import type { Option, Options } from './command.ts';
import type { Context } from './context.ts';
import { UsageError } from './exitStatus.ts';

/** A password that was to come from somewhere did not. */
class PasswordSourceError extends CodaError {
  readonly code = 'password-source';
}

export const passwordOptions: readonly Option[] = [
  { flags: '--password-file <file>', summary: 'take the password from a file that only its owner can read' },
  { flags: '--password-fd <number>', summary: 'take the password from an open file descriptor, one line' },
  {
    flags: '--password-command <command>',
    summary: 'take the password from what a command prints, one line',
  },
];

/** Where a password comes from; it may be asked again. */
export interface PasswordSource {
  /** Whether a person is asked. */
  readonly isInteractive: boolean;
  readonly read: () => Promise<string>;
}

/**
 * @param message of the question at a terminal
 * @param fromPipe take a line of stdin even at a terminal
 * @throws UsageError where more than one source is named
 */
export function passwordSource(
  context: Context,
  options: Options,
  message: string,
  fromPipe: boolean,
): PasswordSource {
  const file = options.value('password-file');
  const fd = options.value('password-fd');
  const command = options.value('password-command');
  if ([file, fd, command].filter((value) => value !== undefined).length + (fromPipe ? 1 : 0) > 1)
    throw new UsageError('the password can come from one place only');
  const given = (read: () => string) => ({ isInteractive: false, read: () => Promise.resolve().then(read) });
  if (file !== undefined) return given(() => fromFile(file, context.surroundings.uid));
  if (command !== undefined) return given(() => fromCommand(command));
  if (fd !== undefined) return once(given(() => fromDescriptor(fd)));
  if (fromPipe || !context.terminal.inIsTerminal) return once(given(readStdinLine));
  return once({ isInteractive: true, read: () => askPassword(message) });
}

/** What can be read only once, and what nobody wants to be asked twice, is kept for those who renew tokens. */
function once({ isInteractive, read }: PasswordSource): PasswordSource {
  let kept: Promise<string> | undefined;
  return { isInteractive, read: () => (kept ??= read()) };
}

function fromFile(path: string, uid: number): string {
  const fd = openPrivate(path);
  try {
    checkPrivate(path, fstatSync(fd), uid);
    return readLine(fd);
  } finally {
    closeSync(fd);
  }
}

function openPrivate(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new PasswordSourceError(`${path}: cannot be opened (${systemCode(error) ?? String(error)})`);
  }
}

/** A password that others can read, or could have written, is no secret. */
function checkPrivate(path: string, stats: Stats, uid: number): void {
  const isOwn = stats.uid === uid || stats.uid === 0;
  if (stats.isFile() && isOwn && (stats.mode & 0o077) === 0) return;
  throw new PasswordSourceError(`${path}: not a private file of yours`, {
    why: 'A file with a password must be a plain file of your own, and nobody else may read or write it.',
    next: `chmod 600 ${path}`,
  });
}

function fromDescriptor(text: string): string {
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--password-fd: ${text} is no file descriptor`);
  try {
    fstatSync(Number(text));
  } catch {
    throw new PasswordSourceError(`file descriptor ${text} is not open`);
  }
  return readLine(Number(text));
}

function fromCommand(command: string): string {
  const { status, signal, stdout, error } = spawnSync('/bin/sh', ['-c', command], {
    stdio: ['inherit', 'pipe', 'inherit'],
  });
  if (error ?? status !== 0)
    throw new PasswordSourceError(
      `the command for the password ended with ${signal ?? status ?? String(error)}`,
      {
        why: 'Its output is not taken for a password then.',
      },
    );
  const end = stdout.indexOf(0x0a);
  return (end < 0 ? stdout : stdout.subarray(0, end)).toString('utf8');
}
