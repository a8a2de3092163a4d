/** Questions to a person at a terminal, through inquirer, which is loaded only then. They appear on stderr. */
import { fstatSync, readSync } from 'node:fs';
import { CodaError } from '../ipc/errors.ts';
import { systemCode } from '../disk/systemCode.ts';

/** The person pressed ^C instead of answering. */
export class InterruptedError extends CodaError {
  readonly code = 'interrupted';

  constructor() {
    super('interrupted');
  }
}

/** The question stands as it is, without inquirer's ornaments, and nothing shows of the answer. */
const theme = {
  prefix: { idle: '', done: '' },
  style: { message: (text: string) => text, maskedText: '', help: () => '' },
};

/** Asks for a password. @param message as `Password:` @throws InterruptedError */
export async function askPassword(message: string): Promise<string> {
  const { default: inquirer } = await import('inquirer');
  const prompt = inquirer.createPromptModule({ output: process.stderr });
  try {
    const question = { type: 'password', name: 'answer', message, toggleMask: false, theme } as const;
    const { answer }: { readonly answer: unknown } = await prompt([question]);
    return typeof answer === 'string' ? answer : '';
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw new InterruptedError();
    throw error;
  }
}

/** Characters of a password that are read from a pipe (spec/auth.md, 1.3). */
const MAX_LINE = 127;
const STDIN = 0;

/**
 * Reads one line of stdin, and nothing of what follows it: that belongs to whoever reads next. Empty at its end.
 * Where stdin is closed the answer is empty too.
 */
export function readStdinLine(): string {
  return readLine(STDIN);
}

/** The same of another file descriptor that is open. */
export function readLine(fd: number): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  for (;;) {
    if (readByte(fd, byte) === 0 || byte[0] === 0x0a) break;
    if (bytes.length < MAX_LINE) bytes.push(byte[0] ?? 0);
  }
  return Buffer.from(bytes).toString('utf8');
}

function readByte(fd: number, byte: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, byte);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EOF' || code === 'EBADF') return 0;
      if (code !== 'EAGAIN' || !isOpen(fd)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
