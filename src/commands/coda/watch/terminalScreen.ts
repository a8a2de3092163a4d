import type { Terminal } from '../../../term/terminal.ts';
import type { Size } from './screen.ts';

/** The other screen, which leaves what was on the terminal untouched; no cursor; no line breaks of its own. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
const CLEAR = '\x1b[2J';
/** For a terminal that does not tell. */
const USUAL: Size = { columns: 80, rows: 24 };

/**
 * The terminal, as the view has it. However the process ends, the terminal is left as it was: an exception is told on
 * the ordinary screen, and not on one that goes away with it.
 */
export class TerminalScreen {
  readonly #terminal: Terminal;
  #shown: readonly string[] = [];
  #isOn = false;
  readonly #leave = (): void => this.leave();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0 ? { columns, rows } : USUAL;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  enter(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    process.on('exit', this.#leave).on('uncaughtExceptionMonitor', this.#leave);
    if (this.#terminal.inIsTerminal) {
      process.stdin.setRawMode(true);
      process.stdin.resume();
    }
    this.#terminal.out(ENTER);
    this.clear();
  }

  leave(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    process.off('exit', this.#leave).off('uncaughtExceptionMonitor', this.#leave);
    try {
      this.#terminal.out(LEAVE);
    } catch {
      // The terminal is gone; there is nothing left to restore.
    }
    if (!this.#terminal.inIsTerminal) return;
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }

  /** Everything is drawn anew the next time. */
  clear(): void {
    this.#shown = [];
    if (this.#isOn) this.#terminal.out(CLEAR);
  }

  /** Shows lines; only those that differ are written. */
  draw(lines: readonly string[]): void {
    if (!this.#isOn) return;
    const rows = Math.max(lines.length, this.#shown.length);
    let text = '';
    for (let row = 0; row < rows; row++) {
      const line = lines[row] ?? '';
      if (line !== this.#shown[row]) text += `\x1b[${row + 1};1H${line}\x1b[K`;
    }
    this.#shown = lines;
    if (text !== '') this.#terminal.out(text);
  }
}
