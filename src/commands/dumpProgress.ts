import { monotonicTime } from '../ipc/timeLimit.ts';
import { formatSize } from '../term/size.ts';
import { type Spinner, startSpinner } from '../term/spinner.ts';
import type { Terminal } from '../term/terminal.ts';

/** Milliseconds between two looks at how it goes. */
const LOOK = 200;

/** Says on a terminal how far a dump or a restore is, and how fast it goes. */
export class DumpProgress {
  readonly #spinner: Spinner;
  readonly #what: string;
  readonly #started = monotonicTime();
  #looked = 0;

  /** @param what as `dumping u.jan` */
  constructor(what: string, terminal: Terminal) {
    this.#what = what;
    this.#spinner = startSpinner(what, terminal);
  }

  /** @param bytes so far @param total if it is known @param more as `12 files` */
  say(bytes: number, total: number | undefined, more = ''): void {
    const now = monotonicTime();
    if (now - this.#looked < LOOK) return;
    this.#looked = now;
    const part =
      total === undefined || total === 0 ? '' : ` of ${formatSize(total)} (${percent(bytes, total)})`;
    this.#spinner.say(`${this.#what}: ${formatSize(bytes)}${part}, ${this.rate(bytes)}${more}`);
  }

  /** `310.2 MiB/s`. */
  rate(bytes: number): string {
    const seconds = Math.max(monotonicTime() - this.#started, 1) / 1000;
    return `${formatSize(Math.round(bytes / seconds))}/s`;
  }

  stop(): void {
    this.#spinner.stop();
  }
}

function percent(bytes: number, total: number): string {
  return `${Math.min(100, Math.floor((bytes / total) * 100))} %`;
}
