import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { decodeText } from '../../ipc/text.ts';
import { RepairError } from '../../repair/backend.ts';
import type { Conversation } from '../../repair/conversation.ts';
import type { Interruptions } from '../../repair/interruptions.ts';
import { errorMessage, writeError } from '../../term/errorMessage.ts';
import type { Context } from '../context.ts';
import { explain } from '../explain.ts';
import type { Lines } from './lines.ts';

/** The conversation of this process with whoever started it. */
export class ProcessConversation implements Conversation {
  readonly answers: boolean;
  readonly #context: Context;
  readonly #lines: Lines | undefined;
  readonly #interruptions: Interruptions;

  /** @param lines where answers come from; none for a script */
  constructor(context: Context, interruptions: Interruptions, lines: Lines | undefined) {
    this.#context = context;
    this.#interruptions = interruptions;
    this.#lines = lines;
    this.answers = lines !== undefined;
  }

  print(text: string): void {
    this.#context.print(text);
  }

  note(text: string): void {
    this.#context.terminal.err(text);
  }

  printBytes(bytes: Uint8Array): void {
    const { terminal } = this.#context;
    if (terminal.outIsTerminal) this.#context.print(decodeText(bytes));
    else terminal.outBytes(bytes);
  }

  async report(error: unknown, label: string): Promise<void> {
    const explained = explain(error, { about: undefined, state: 'unknown', realm: undefined });
    await writeError(this.#context.terminal, errorMessage(explained, label));
  }

  ask(question: string): Promise<string | undefined> {
    return this.#lines?.read(question, 'answer') ?? Promise.resolve(undefined);
  }

  run(
    program: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const work = (): Promise<number> =>
      this.#interruptions.duringChild(() => this.#spawn(program, words, env));
    return this.#lines ? this.#lines.suspended(work) : work();
  }

  #spawn(
    program: string,
    words: readonly string[],
    added: Readonly<Record<string, string>>,
  ): Promise<number> {
    // What stands on a pipe behind the command are further commands.
    const stdin = this.#context.terminal.inIsTerminal ? 'inherit' : 'ignore';
    const env = { ...this.#context.surroundings.env, ...added };
    const child = spawn(program, words, { stdio: [stdin, 'inherit', 'inherit'], env });
    return new Promise((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new RepairError(`${program} could not be run: ${error.message}`, {
            next: 'Is it installed, and in PATH? For diff, CODA_DIFF may name another program.',
          }),
        ),
      );
      child.once('close', (status, signal) =>
        resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  }
}
