import type { Terminal } from '../../src/term/terminal.ts';

/** Where a person is, of the three streams of a tool. */
export interface Ends {
  readonly out?: boolean;
  readonly err?: boolean;
  readonly in?: boolean;
}

/** A terminal that keeps what is written to it. By default nobody is there, as in a script. */
export class RecordingTerminal implements Terminal {
  readonly outIsClosed = false;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  stdout = '';
  stderr = '';

  constructor({ out = false, err = false, in: input = false }: Ends = {}) {
    this.outIsTerminal = out;
    this.errIsTerminal = err;
    this.inIsTerminal = input;
  }

  out(text: string): void {
    this.stdout += text;
  }

  outBytes(bytes: Uint8Array): void {
    this.stdout += Buffer.from(bytes).toString('latin1');
  }

  err(text: string): void {
    this.stderr += text;
  }
}
