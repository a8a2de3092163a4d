import { fstatSync, writeSync } from 'node:fs';
import { encodeText } from '../ipc/text.ts';
import { systemCode } from '../disk/systemCode.ts';
import { isOutputClosed } from './outputClosed.ts';

/** Where a tool reads and writes; passed in, so that nothing else knows the process's own streams. */
export interface Terminal {
  /** Writes text to stdout. */
  out(text: string): void;
  /** Writes bytes to stdout, as they are. */
  outBytes(bytes: Uint8Array): void;
  err(text: string): void;
  /** Whether nobody reads stdout any more, as far as it can be found out without writing. */
  readonly outIsClosed: boolean;
  /** Whether a person is likely to read it. */
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
}

/** Whoever read our stdout has gone, as in `cfs la … | head -1`. */
export class OutputClosedError extends Error {
  constructor() {
    super('nobody reads the output any more');
    this.name = 'OutputClosedError';
  }
}

const [STDIN, STDOUT, STDERR] = [0, 1, 2];

/** The process's own streams, written at once: loading process.stdout would cost a tenth of a tool's start. */
export const processTerminal: Terminal = {
  out: (text) => writeAll(STDOUT, encodeText(text)),
  outBytes: (bytes) => writeAll(STDOUT, bytes),
  err: (text) => {
    try {
      writeAll(STDERR, encodeText(text));
    } catch (error) {
      // A message that nobody can read changes nothing about what was done.
      if (!(error instanceof OutputClosedError)) throw error;
    }
  },
  get outIsClosed() {
    return isOutputClosed(STDOUT);
  },
  get outIsTerminal() {
    return isTerminal(STDOUT);
  },
  get errIsTerminal() {
    return isTerminal(STDERR);
  },
  get inIsTerminal() {
    return isTerminal(STDIN);
  },
};

/** Major device numbers of consoles, ttys and pseudo-terminals; /dev/null is a character device too. */
const TTY_MAJORS = new Set([3, 4, 5, 136, 137, 138, 139, 140, 141, 142, 143, 166, 188, 204, 229]);

function isTerminal(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isCharacterDevice() && TTY_MAJORS.has((stats.rdev >> 8) & 0xfff);
  } catch {
    return false;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EPIPE') throw new OutputClosedError();
      if (code !== 'EAGAIN') throw error;
      // A pipe that somebody made non-blocking is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
