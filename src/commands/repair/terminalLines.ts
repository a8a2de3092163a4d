import { type Interface, createInterface } from 'node:readline';
import type { Interruptions } from '../../repair/interruptions.ts';
import { InterruptedError } from '../../term/prompts.ts';
import { MAX_LINES } from './history.ts';
import type { Lines } from './lines.ts';
import { untilOver } from './pipedLines.ts';

type Completer = (line: string) => Promise<readonly [readonly string[], string]>;

/** Who waits for the next line. */
interface Waiting {
  readonly resolve: (line: string | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Lines that a person types, with editing, history and completion. Between two lines the terminal is as it was. */
export class TerminalLines implements Lines {
  /** Newest first. */
  history: readonly string[];
  readonly #interface: Interface;
  readonly #over: AbortSignal;
  readonly #interruptions: Interruptions;
  /** Typed before anybody asked. */
  readonly #ahead: string[] = [];
  #waiting: Waiting | undefined;
  #kind: 'command' | 'answer' = 'command';
  #hasEnded = false;

  constructor(history: string[], completer: Completer, interruptions: Interruptions) {
    this.history = history;
    this.#interruptions = interruptions;
    this.#over = interruptions.over;
    this.#interface = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      history,
      historySize: MAX_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: Error | null, result?: [string[], string]) => void) => {
        if (this.#kind === 'answer') done(null, [[], line]);
        else
          completer(line).then(
            ([candidates, part]) => done(null, [[...candidates], part]),
            // A key that does nothing is better than an end.
            () => done(null, [[], line]),
          );
      },
    });
    this.#listen();
    this.#pause();
  }

  async read(prompt: string, kind: 'command' | 'answer'): Promise<string | undefined> {
    if (this.#over.aborted) throw new InterruptedError();
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) return ahead;
    if (this.#hasEnded) return undefined;
    this.#kind = kind;
    const line = new Promise<string | undefined>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    process.stdin.setRawMode(true);
    this.#interface.setPrompt(prompt);
    this.#interface.prompt();
    try {
      return await untilOver(line, this.#over);
    } finally {
      this.#waiting = undefined;
      this.#pause();
    }
  }

  async suspended<T>(work: () => Promise<T>): Promise<T> {
    this.#pause();
    return work();
  }

  close(): void {
    this.#hasEnded = true;
    this.#interface.close();
  }

  #listen(): void {
    this.#interface.on('line', (line) => {
      if (this.#waiting) this.#waiting.resolve(line);
      else this.#ahead.push(line);
      this.#waiting = undefined;
    });
    this.#interface.on('SIGINT', () => {
      process.stdout.write('\n');
      if (this.#waiting) this.#waiting.reject(new InterruptedError());
      // Pressed together with the end of a line: it is for the command.
      else this.#interruptions.interrupt();
    });
    // After ^Z and fg: readline pauses itself, and with nothing to wait for the process would end.
    this.#interface.on('SIGCONT', () => {
      if (this.#waiting) this.#interface.prompt(true);
    });
    this.#interface.on('close', () => {
      if (!this.#hasEnded) process.stdout.write('\n');
      this.#hasEnded = true;
      this.#waiting?.resolve(undefined);
    });
    this.#interface.on('history', (lines: string[]) => {
      if (this.#kind === 'answer') lines.shift();
      this.history = [...lines];
    });
    // A terminal that is gone has said all it will say.
    process.stdin.on('error', () => {
      this.#hasEnded = true;
      this.#waiting?.resolve(undefined);
    });
    process.stdout.on('error', () => undefined);
  }

  /** Keys that are pressed now belong to whoever reads next. */
  #pause(): void {
    this.#interface.pause();
    if (process.stdin.isTTY && !this.#hasEnded) process.stdin.setRawMode(false);
  }
}
