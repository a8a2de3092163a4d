import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { MemoryRealm } from './memory/state.ts';

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The tool over a realm in memory, built as a program, and the file that the realm is kept in. */
export class RepairProgram {
  readonly directory = mkdtempSync(join(tmpdir(), 'coda-repair-test-'));
  readonly file = join(this.directory, 'realm');
  readonly #program = join(this.directory, 'repair.cjs');

  async build(): Promise<void> {
    await build({
      entryPoints: [fileURLToPath(new URL('terminalProgram.ts', import.meta.url))],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile: this.#program,
      supported: { 'dynamic-import': false },
      external: ['lmdb'],
      logLevel: 'error',
      define: { CODA_TOOLKIT_VERSION: '"0"' },
    });
  }

  /** The conflict is as it was at the beginning. */
  reset(): void {
    rmSync(this.file, { force: true });
    rmSync(`${this.file}.pid`, { force: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  get realm(): MemoryRealm {
    return MemoryRealm.load(this.file);
  }

  get pid(): number {
    return Number(readFileSync(`${this.file}.pid`, 'utf8'));
  }

  get env(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.directory,
      XDG_STATE_HOME: join(this.directory, 'state'),
      TMPDIR: this.directory,
      CODA_VENUS: `unix:${join(this.directory, 'none.sock')}`,
      CODACONFPATH: this.directory,
      NO_COLOR: '1',
      TERM: 'dumb',
      SHELL: '/bin/sh',
    };
  }

  /** Without a terminal. */
  run(words: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const child = spawn(process.execPath, [this.#program, this.file, ...words], {
      env: { ...this.env, ...env },
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return finished(child);
  }

  /** On a pseudo-terminal. */
  onTerminal(words: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Typing {
    const command = [process.execPath, this.#program, this.file, ...words]
      .map((word) => `'${word}'`)
      .join(' ');
    // Without a shell in between, which a ^C would end too.
    const child = spawn('script', ['-q', '-e', '-c', `exec ${command}`, '/dev/null'], {
      env: { ...this.env, ...env },
    });
    return new Typing(child);
  }

  /** Sends the tool a signal, once it has begun. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  get hasHistory(): boolean {
    return existsSync(join(this.directory, 'state', 'coda', 'repair_history'));
  }
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

  async ends(): Promise<Finished> {
    return { ...(await this.#finished), stdout: this.seen };
  }
}

function finished(child: ChildProcess): Promise<Finished> {
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
