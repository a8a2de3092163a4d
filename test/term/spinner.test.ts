import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { spinWhile, startSpinner } from '../../src/term/spinner.ts';
import { RecordingTerminal } from '../support/recordingTerminal.ts';

const PATIENCE = 700;
const person = new RecordingTerminal({ err: true });
const script = new RecordingTerminal({ out: true, in: true });

/** Stands for the package that draws: the text that is to be seen, empty where there is none. */
const drawn = vi.hoisted(() => ({ text: '' }));
vi.mock('ora', () => ({
  default: ({ text }: { readonly text: string }) => {
    const spinner = {
      start: () => {
        drawn.text = text;
        return spinner;
      },
      stop: () => {
        drawn.text = '';
      },
      set text(next: string) {
        drawn.text = next;
      },
    };
    return spinner;
  },
}));

/** How wide the terminal says that it is. */
function setColumns(value: number | undefined): void {
  Object.defineProperty(process.stderr, 'columns', { value, configurable: true });
}
const columns = process.stderr.columns;

beforeEach(() => {
  drawn.text = '';
  setColumns(80);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  setColumns(columns);
});

/** Spinners appear when they are loaded, which takes a while that no clock here shows. */
async function untilDrawn(text: string): Promise<void> {
  while (drawn.text !== text) await turn();
}

/** Waits until a spinner that is being loaded has come, if it comes. */
async function untilLoaded(): Promise<void> {
  await import('ora');
  for (let turns = 0; turns < 20; turns++) await turn();
}

/** Work that ends when the test says so. */
function workInHand() {
  let end: () => void = () => undefined;
  const work = new Promise<void>((resolve) => (end = resolve));
  return { work, end: () => end() };
}

describe('work that is waited for', () => {
  test('gives what it gives, with a person there or without', async () => {
    for (const terminal of [person, script]) {
      await expect(spinWhile(Promise.resolve(7), 'it', terminal)).resolves.toBe(7);
      await expect(spinWhile(Promise.reject(new Error('no')), 'it', terminal)).rejects.toThrow('no');
    }
  });

  test('is named after a moment, until it is done', async () => {
    const { work, end } = workInHand();
    const done = spinWhile(work, 'getacl of /usr', person);
    vi.advanceTimersByTime(PATIENCE);
    await untilDrawn('waiting for getacl of /usr');
    end();
    await done;
    expect(drawn.text).toBe('');
  });

  test('is not named where it is short', async () => {
    const { work, end } = workInHand();
    const done = spinWhile(work, 'something short', person);
    vi.advanceTimersByTime(PATIENCE - 1);
    end();
    await done;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is not named where nobody is there to read it', async () => {
    const { work, end } = workInHand();
    const done = spinWhile(work, 'something unseen', script);
    expect(vi.getTimerCount()).toBe(0);
    end();
    await done;
  });
});

describe('a spinner', () => {
  test('says what was said last, before it appeared and afterwards', async () => {
    const spinner = startSpinner('first', person);
    spinner.say('second');
    vi.advanceTimersByTime(PATIENCE);
    await untilDrawn('second');
    spinner.say('third');
    expect(drawn.text).toBe('third');
    spinner.stop();
    expect(drawn.text).toBe('');
  });

  test('that is stopped while it is loaded does not appear', async () => {
    const late = startSpinner('stopped late', person);
    vi.advanceTimersByTime(PATIENCE);
    late.stop();
    await untilLoaded();
    expect(drawn.text).toBe('');
  });

  test.each([0, undefined])('does not appear on a terminal that tells no width: %s', async (width) => {
    setColumns(width);
    const spinner = startSpinner('without width', person);
    vi.advanceTimersByTime(PATIENCE);
    await untilLoaded();
    expect(drawn.text).toBe('');
    spinner.stop();
  });
});
