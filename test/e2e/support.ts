import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRunning } from '../../src/commands/coda/isRunning.ts';

/** The built tools, run as processes. */
export const bin = fileURLToPath(new URL('../../bin', import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

/** Runs a program to its end. What it prints is taken as UTF-8. */
export function run(program: string, words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return finish(
    spawn(program, words, { env: { ...options.env }, cwd: options.cwd, stdio: 'pipe' }),
    options.input,
  );
}

export function finish(child: ChildProcess, input = ''): Promise<Finished> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  // A tool that needs no input may have ended before it is written.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      resolve({
        status,
        signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
  });
}

/** An embedded venus of its own, in a temporary directory, and the tools that talk to it. */
export class TestRealm {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  pid = 0;

  static async start(...options: readonly string[]): Promise<TestRealm> {
    const realm = new TestRealm();
    await realm.up(...options);
    return realm;
  }

  private constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'coda-e2e-'));
    mkdirSync(join(this.directory, 'run'));
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.directory,
      XDG_RUNTIME_DIR: join(this.directory, 'run'),
      XDG_DATA_HOME: this.directory,
      // No configuration of this machine counts.
      CODACONFPATH: join(this.directory, 'no-configuration'),
      TZ: 'UTC',
    };
  }

  get socket(): string {
    return join(this.directory, 'run', 'coda', 'venus.sock');
  }

  get data(): string {
    return join(this.directory, 'coda');
  }

  async up(...options: readonly string[]): Promise<void> {
    const words = ['up', '--realm', 'test.realm', '--json', ...options];
    const { status, stdout, stderr } = await this.run('coda', words);
    if (status !== 0) throw new Error(`coda up: ${stderr}`);
    this.pid = numberIn(stdout, 'pid');
  }

  async down(): Promise<void> {
    await this.run('coda', ['down']);
  }

  /** Runs a tool. */
  run(tool: string, words: readonly string[], { env, ...options }: RunOptions = {}): Promise<Finished> {
    return run(join(bin, tool), words, { ...options, env: { ...this.env, ...env } });
  }

  /** Runs a tool that has to succeed; resolves with its stdout. */
  async ok(tool: string, words: readonly string[], options: RunOptions = {}): Promise<string> {
    const finished = await this.run(tool, words, options);
    if (finished.status === 0) return finished.stdout;
    throw new Error(
      `${tool} ${words.join(' ')} ended with ${finished.status}: ${finished.stderr}${finished.stdout}`,
    );
  }

  /** Makes a user; his password is his name, twice. */
  async addUser(name: string, ...options: readonly string[]): Promise<void> {
    await this.ok('coda', ['realm', 'user', 'add', name, ...options], { input: `${passwordOf(name)}\n` });
  }

  /** Gives a local uid the token of a user. */
  async login(name: string, uid?: number): Promise<void> {
    const env = uid === undefined ? {} : { CODA_UID: String(uid) };
    await this.ok('clog', [`${name}@test.realm`], { input: `${passwordOf(name)}\n`, env });
  }

  async end(): Promise<void> {
    await this.down();
    if (this.pid > 0 && isRunning(this.pid)) process.kill(this.pid, 'SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function passwordOf(name: string): string {
  return `${name}${name}`;
}

/** Waits until something holds; fails when it does not for too long. */
export async function until(holds: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Reads a number out of a JSON document. */
function numberIn(json: string, key: string): number {
  const document: unknown = JSON.parse(json);
  if (typeof document !== 'object' || document === null) throw new Error('no document');
  const value: unknown = Object.entries(document).find(([name]) => name === key)?.[1];
  if (typeof value !== 'number') throw new Error(`no number ${key}`);
  return value;
}
