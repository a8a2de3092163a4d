import type { Terminal } from './terminal.ts';

/** Milliseconds after which a person wonders. */
const PATIENCE = 700;

/** A line on stderr that says what is going on; nothing where stderr is no terminal. */
export interface Spinner {
  say(text: string): void;
  stop(): void;
}

/** Waits for some work; on a terminal a spinner says what for, once it takes longer than one would expect. */
export async function spinWhile<T>(work: Promise<T>, what: string, terminal: Terminal): Promise<T> {
  if (!terminal.errIsTerminal) return work;
  const spinner = startSpinner(`waiting for ${what}`, terminal);
  try {
    return await work;
  } finally {
    spinner.stop();
  }
}

/** Starts a spinner that appears after a moment. */
export function startSpinner(text: string, terminal: Terminal): Spinner {
  if (!terminal.errIsTerminal) return { say: () => undefined, stop: () => undefined };
  let stopped = false;
  let latest = text;
  let stopShown: () => void = () => undefined;
  let sayShown: (text: string) => void = () => undefined;
  const timer = setTimeout(() => {
    void import('ora').then(({ default: ora }) => {
      // On a terminal that tells no width (0 columns), ora would clear lines for ever.
      if (stopped || !process.stderr.columns) return;
      const shown = ora({ text: latest, stream: process.stderr, discardStdin: false }).start();
      stopShown = () => shown.stop();
      sayShown = (next) => {
        shown.text = next;
      };
    });
  }, PATIENCE);
  return {
    say: (next) => {
      latest = next;
      sayShown(next);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      stopShown();
    },
  };
}
