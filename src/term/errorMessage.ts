import { CodaError } from '../ipc/errors.ts';
import { printableLines } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** An error as a person reads it. */
export interface ErrorMessage {
  /** The classic line, without its end: `label: text`. */
  readonly what: string;
  readonly why: string | undefined;
  readonly next: string | undefined;
}

/** The message of an error. @param label what the classic line begins with */
export function errorMessage(error: unknown, label: string): ErrorMessage {
  const text = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CodaError)) return { what: `${label}: ${text}`, why: undefined, next: undefined };
  return { what: error.unlabelled ? text : `${label}: ${text}`, why: error.why, next: error.next };
}

/**
 * Writes a message to stderr. Scripts see the classic line alone; on a terminal why it happened and what to do next
 * follow.
 */
export async function writeError(terminal: Terminal, message: ErrorMessage): Promise<void> {
  if (!terminal.errIsTerminal) {
    terminal.err(`${message.what}\n`);
    return;
  }
  const { default: chalk } = await import('chalk');
  const lines = [printableLines(message.what)];
  if (message.why) lines.push(`  ${chalk.bold('why:')}  ${printableLines(message.why)}`);
  if (message.next) lines.push(`  ${chalk.bold('next:')} ${printableLines(message.next)}`);
  terminal.err(`${lines.join('\n')}\n`);
}
