import { type Spinner, startSpinner } from '../../../term/spinner.ts';
import type { Context } from '../../context.ts';
import { count } from './sentence.ts';

/** How far a comparison has come: a line on stderr, on a terminal, which makes room for what is printed. */
export class Progress {
  readonly #context: Context;
  #what = '';
  #spinner: Spinner | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  start(what: string): void {
    this.#what = what;
    this.#spinner = startSpinner(what, this.#context.terminal);
  }

  show({ objects, bytes }: { readonly objects: number; readonly bytes: number }): void {
    this.#spinner?.say(`${this.#what}: ${count(objects, 'object')}, ${count(bytes, 'byte')}`);
  }

  /** Prints something on stdout, which may be the same terminal. */
  around(print: () => void): void {
    if (!this.#spinner) {
      print();
      return;
    }
    this.#spinner.stop();
    print();
    this.#spinner = startSpinner(this.#what, this.#context.terminal);
  }

  stop(): void {
    this.#spinner?.stop();
    this.#spinner = undefined;
  }
}
