import type { Readable } from 'node:stream';
import { decodeText } from '../../ipc/text.ts';
import { InterruptedError } from '../../term/prompts.ts';
import type { Lines } from './lines.ts';

const NEWLINE = 0x0a;

/** Lines of bytes, whatever they are; the last one counts without a newline too. */
export async function* linesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('lines: text instead of bytes');
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield decodeText(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield decodeText(rest);
}

/** Lines of a pipe or a file. Nobody is there to read prompts; questions go where messages go. */
export class PipedLines implements Lines {
  readonly #input: Readable;
  readonly #lines: AsyncGenerator<string>;
  readonly #over: AbortSignal;
  readonly #showQuestion: (text: string) => void;

  constructor(input: Readable, over: AbortSignal, showQuestion: (text: string) => void) {
    this.#input = input;
    this.#lines = linesOf(input);
    this.#over = over;
    this.#showQuestion = showQuestion;
  }

  async read(prompt: string, kind: 'command' | 'answer'): Promise<string | undefined> {
    if (kind === 'answer') this.#showQuestion(`${prompt}\n`);
    const next = await untilOver(this.#lines.next(), this.#over);
    return next.done ? undefined : next.value;
  }

  suspended<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  close(): void {
    this.#input.destroy();
  }
}

/** @throws InterruptedError */
export function untilOver<T>(work: Promise<T>, over: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const interrupt = (): void => reject(new InterruptedError());
    if (over.aborted) interrupt();
    over.addEventListener('abort', interrupt, { once: true });
    work.then(resolve, reject).finally(() => over.removeEventListener('abort', interrupt));
  });
}
