/** Who types and reads: a person at a terminal, a pipe, a script, or a test. */
export interface Conversation {
  /** Whether questions can be answered; a script has said all it has to say. */
  readonly answers: boolean;
  /** Text for stdout, whole lines. */
  print(text: string): void;
  /** Whole lines that explain, beside what scripts read of stdout. */
  note(text: string): void;
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

/** Asks for a value until there is one. @param preset what an empty answer means @returns undefined at the end of the input */
export async function askValue<Value>(
  conversation: Conversation,
  question: string,
  preset: Value,
  read: (answer: string) => Value | undefined,
): Promise<Value | undefined> {
  for (;;) {
    const answer = await conversation.ask(question);
    if (answer === undefined) return undefined;
    if (answer.trim() === '') return preset;
    const value = read(answer.trim());
    if (value !== undefined) return value;
    conversation.print('Please answer with a value of this kind.\n');
  }
}
