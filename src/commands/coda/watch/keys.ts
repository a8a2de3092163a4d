/** What a person presses, from the bytes that a terminal sends for it. */
export type Key =
  | 'up'
  | 'down'
  | 'send'
  | 'checkpoint'
  | 'doctor'
  | 'repair'
  | 'help'
  | 'quit'
  | 'interrupt'
  | 'suspend'
  | 'redraw'
  | 'other';

const keys: ReadonlyMap<string, Key> = new Map([
  ['\x1b[A', 'up'],
  ['\x1bOA', 'up'],
  ['k', 'up'],
  ['\x1b[B', 'down'],
  ['\x1bOB', 'down'],
  ['j', 'down'],
  ['r', 'send'],
  ['c', 'checkpoint'],
  ['d', 'doctor'],
  ['R', 'repair'],
  ['p', 'repair'],
  ['h', 'help'],
  ['?', 'help'],
  ['q', 'quit'],
  ['\x03', 'interrupt'],
  ['\x1a', 'suspend'],
  ['\x0c', 'redraw'],
]);

/** One key each: a sequence, a character with the marks on it, or what is left of a sequence. */
const KEY = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1bO[@-~]|\x1b\[[0-9;?]*$|\x1bO?|[^\x1b]/gu;
const UNFINISHED = /^\x1b(\[[0-9;?]*|O)$/;

/** Takes bytes apart; a sequence may come in two pieces. */
export class Keyboard {
  #rest = '';

  /** @param text what came, as UTF-8 */
  take(text: string): readonly Key[] {
    const parts = (this.#rest + text).match(KEY) ?? [];
    const last = parts.at(-1) ?? '';
    this.#rest = UNFINISHED.test(last) ? last : '';
    const whole = this.#rest === '' ? parts : parts.slice(0, -1);
    return whole.map((part) => keys.get(part) ?? 'other');
  }
}
