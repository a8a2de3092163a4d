/** Who types and reads: a person at a terminal, a pipe, a script, or a test. */
export interface Conversation {
  /** Whether questions can be answered; a script has said all it has to say. */
  readonly answers: boolean;
  /** Text for stdout, whole lines. */
  print(text: string): void;
  /** Bytes of a file for stdout, as they are where nobody's terminal is hurt by them. */
  printBytes(bytes: Uint8Array): void;
  /** A failure, with why and what to do next. */
  report(error: unknown, label: string): Promise<void>;
  /** A line typed in answer to a question; undefined at the end of the input. */
  ask(question: string): Promise<string | undefined>;
  /** Runs a program with the terminal to itself. @returns its exit status, 128 and the signal's number if one ended it */
  run(program: string, words: readonly string[], env?: Readonly<Record<string, string>>): Promise<number>;
}

/** The end of the input where an answer was needed. */
export class NoAnswer extends Error {}

/** Asks until the answer is yes or no. @returns undefined at the end of the input, which is neither */
export async function askYesNo(
  conversation: Conversation,
  question: string,
  preset: boolean,
): Promise<boolean | undefined> {
  for (;;) {
    const answer = (await conversation.ask(question))?.trim().toLowerCase();
    if (answer === undefined) return undefined;
    if (answer === '') return preset;
    if ('yes'.startsWith(answer)) return true;
    if ('no'.startsWith(answer)) return false;
    conversation.print('Please answer yes or no.\n');
  }
}
