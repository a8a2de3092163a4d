import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { Screen } from '../support/screen.ts';
import { until } from './support.ts';

/** Milliseconds that something on a busy machine may take to appear. */
const PATIENCE = 20_000;

/** A shell command on a pseudo-terminal of a size, and what its screen shows. */
export class ViewTerminal {
  readonly screen = new Screen();
  readonly #child: ChildProcess;
  #status: number | null | undefined;
  raw = '';

  constructor(command: string, env: Readonly<Record<string, string>>, columns = 100, rows = 30) {
    const inside = `stty cols ${columns} rows ${rows}; ${command}`;
    const surroundings = { TERM: 'xterm', SHELL: '/bin/sh', ...env };
    this.#child = spawn('script', ['-q', '-e', '-c', inside, '/dev/null'], { env: surroundings });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.raw += text;
      this.screen.write(text);
    });
    this.#child.once('close', (status) => (this.#status = status));
  }

  /** Waits until the view shows something. */
  async shows(what: RegExp): Promise<void> {
    await until(() => this.screen.isAlternate && what.test(this.screen.text), PATIENCE).catch(() => {
      throw new Error(`no ${what} on the screen:\n${this.screen.text}\n${this.screen.ordinary}`);
    });
  }

  /** Waits until something stands on the ordinary screen. */
  async prints(what: RegExp): Promise<void> {
    await until(() => what.test(this.screen.ordinary), PATIENCE).catch(() => {
      throw new Error(`no ${what} in:\n${this.screen.ordinary}`);
    });
  }

  types(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** The process at the terminal whose command line ends with some words. */
  pidOf(words: string): number {
    const { pid = 0 } = this.#child;
    const found = descendants(pid).find((each) => commandOf(each).endsWith(words));
    if (found === undefined) throw new Error(`no process ${words}`);
    return found;
  }

  resize(words: string, columns: number, rows: number): void {
    const device = readlinkSync(`/proc/${this.pidOf(words)}/fd/0`);
    const { status } = spawnSync('stty', ['-F', device, 'cols', String(columns), 'rows', String(rows)]);
    if (status !== 0) throw new Error(`${device} could not be resized`);
  }

  async ends(): Promise<number | null> {
    await until(() => this.#status !== undefined, PATIENCE);
    return this.#status ?? null;
  }

  kill(): void {
    const { pid = 0 } = this.#child;
    if (this.#status !== undefined || pid === 0) return;
    for (const each of [...descendants(pid), pid]) {
      try {
        process.kill(each, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}

function descendants(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const pids = children.filter((text) => text !== '').map(Number);
    return pids.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
