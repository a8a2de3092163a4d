import type { RepairRun } from './repairRun.ts';
import type { CommandName } from './stateTable.ts';

/** How a command went. */
export type Outcome =
  | 'done'
  /** It was said why not. */
  | 'failed'
  /** The run is over. */
  | 'end';

/** A value that a command is about. */
export interface Argument {
  /** As it stands in the help, `OBJECT`. */
  readonly name: string;
  /** What is asked when it was not given; without a question it may be left out. */
  readonly question?: string;
}

/** One thing that can be typed in a session. In which states it may be is in the state table. */
export interface CommandDefinition {
  readonly name: CommandName;
  readonly aliases: readonly string[];
  /** One line for lists. */
  readonly summary: string;
  /** Paragraphs for `help COMMAND`. */
  readonly help: readonly string[];
  readonly arguments: readonly Argument[];
  /** Whether any number of words may follow. */
  readonly takesMore?: boolean;
  /** What ^C does while it runs. A command that changes something is never left half done. */
  readonly onInterrupt: 'give up' | 'stop between two mutations' | 'end the session';
  /** @param signal says that somebody wants it to end */
  run(run: RepairRun, words: readonly string[], signal: AbortSignal): Promise<Outcome>;
}
