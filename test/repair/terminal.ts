import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Finished, type Typing, finished, typeAt } from '../support/typing.ts';
import { MemoryRealm } from './memory/state.ts';

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
    return typeAt([process.execPath, this.#program, this.file, ...words], { ...this.env, ...env });
  }

  /** Sends the tool a signal, once it has begun. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  get hasHistory(): boolean {
    return existsSync(join(this.directory, 'state', 'coda', 'repair_history'));
  }
}
