/** ^C and the signals that end a process, from whoever hears them to the command that runs. */
export class Interruptions {
  readonly #over = new AbortController();
  #command: AbortController | undefined;
  #isChildRunning = false;

  /** Set off when the session has to end. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** ^C: ends the command that runs, the second time and where none runs the session. */
  interrupt(): void {
    // A program that has the terminal hears it by itself.
    if (this.#isChildRunning) return;
    if (this.#command && !this.#command.signal.aborted) this.#command.abort();
    else this.#over.abort();
  }

  /** A signal that asks the process to end. */
  terminate(): void {
    this.#command?.abort();
    this.#over.abort();
  }

  /** Runs a command that ^C may end. */
  async during<T>(command: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#command = new AbortController();
    if (this.#over.signal.aborted) this.#command.abort();
    try {
      return await command(this.#command.signal);
    } finally {
      this.#command = undefined;
    }
  }

  /** Runs a program that has the terminal to itself. */
  async duringChild<T>(child: () => Promise<T>): Promise<T> {
    this.#isChildRunning = true;
    try {
      return await child();
    } finally {
      this.#isChildRunning = false;
    }
  }
}
