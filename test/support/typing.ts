import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program on a pseudo-terminal that util-linux's script(1) makes. */
export function typeAt(words: readonly string[], env: Readonly<Record<string, string>>): Typing {
  const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  // Without a shell in between, which a ^C would end too.
  return new Typing(spawn('script', ['-q', '-e', '-c', `exec ${command}`, '/dev/null'], { env }));
}

/** A person at a terminal, who waits for what he expects before he types. */
export class Typing {
  seen = '';
  #raw = '';
  readonly #child: ChildProcess;
  readonly #finished: Promise<Finished>;
  #looked = 0;
  #wake: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('data', (bytes: Buffer) => {
      this.#raw += bytes.toString();
      this.seen = this.#raw.replace(/\r+\n/g, '\n');
      this.#wake();
    });
    this.#finished = finished(child);
    this.#finished.finally(() => this.#wake()).catch(() => undefined);
  }

  /** Waits for a text behind the one that was seen last. */
  async sees(text: string): Promise<this> {
    for (;;) {
      const at = this.seen.indexOf(text, this.#looked);
      if (at >= 0) {
        this.#looked = at + text.length;
        return this;
      }
      if (this.#child.exitCode !== null) throw new Error(`ended without ${text}: ${this.seen}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async types(text: string): Promise<this> {
    // What was seen may be the echo of a prompt that is not ready to read yet.
    await new Promise((resolve) => setTimeout(resolve, 50));
    this.#child.stdin?.write(text);
    return this;
  }

  /** Ends the program itself, not its terminal, as nothing else can: it does not get to do anything more. */
  kill(): void {
    const { pid = 0 } = this.#child;
    const [program] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    if (!program) throw new Error('there is no program at the terminal');
    process.kill(Number(program), 'SIGKILL');
  }

  async ends(): Promise<Finished> {
    return { ...(await this.#finished), stdout: this.seen };
  }
}

/** How a process ended, and all that it printed. */
export function finished(child: ChildProcess): Promise<Finished> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}
