import { CodaError } from '../../src/ipc/errors.ts';
import { RecordedCopies } from '../support/recordedCopies.ts';
import type { Conversation } from '../../src/repair/conversation.ts';
import { Interruptions } from '../../src/repair/interruptions.ts';
import { type Ending, converse } from '../../src/repair/repl.ts';
import { RepairRun } from '../../src/repair/repairRun.ts';
import { InterruptedError } from '../../src/term/prompts.ts';
import { MemoryFiles } from './memory/files.ts';
import { MemoryBackend } from './memory/session.ts';
import { MemoryRealm, put } from './memory/state.ts';

export const OBJECT = '/coda/usr/luqi/papers/cscw';
/** 20 December 1993, 00:51 local time. */
export const CLOCK = new Date(1993, 11, 20, 0, 51).getTime();

/** The conflict of the dialogue: `figs` made and `paper.tex` stored while a co-author made `figs` and put files in it. */
export function dialogueRealm(file?: string): MemoryRealm {
  const realm = new MemoryRealm('/usr/luqi/papers/cscw', CLOCK, file);
  realm.common((root) => put(root, 'paper.tex', { ...realm.node('file', 'old text\n'), version: 1 }));
  realm.locally({ op: 'mkdir', path: 'figs' });
  realm.locally({ op: 'store', path: 'paper.tex', length: 19603, contents: 'x'.repeat(19603) });
  realm.others('figs', (root) => {
    put(root, 'figs', { ...realm.node('directory'), version: 1, owner: 'lily' });
    put(root, 'figs/one.eps', { ...realm.node('file', 'one'), version: 1, owner: 'lily' });
  });
  return realm;
}

/** Someone who types what a test gives, and sees all. `^C` is that key. */
export class Typist implements Conversation {
  readonly answers = true;
  seen = '';
  noted = '';
  readonly #typed: string[];
  readonly ran: (readonly string[])[] = [];

  constructor(typed: readonly string[]) {
    this.#typed = [...typed];
  }

  print(text: string): void {
    this.seen += text;
  }

  note(text: string): void {
    this.noted += text;
  }

  printBytes(bytes: Uint8Array): void {
    this.seen += Buffer.from(bytes).toString();
  }

  report(error: unknown): Promise<void> {
    const next = error instanceof CodaError && error.next !== undefined ? `\n  next: ${error.next}` : '';
    this.seen += `${error instanceof Error ? error.message : String(error)}${next}\n`;
    return Promise.resolve();
  }

  ask(question: string): Promise<string | undefined> {
    const line = this.#typed.shift();
    this.seen += `${question}${line ?? '^D'}\n`;
    return line === '^C' ? Promise.reject(new InterruptedError()) : Promise.resolve(line);
  }

  run(program: string, words: readonly string[]): Promise<number> {
    this.ran.push([program, ...words]);
    return Promise.resolve(0);
  }
}

export interface Played {
  readonly run: RepairRun;
  readonly typist: Typist;
  readonly ending: Ending;
  readonly files: MemoryFiles;
}

/** Plays a conversation to its end. */
export async function play(
  realm: MemoryRealm,
  typed: readonly string[],
  prepare: (parts: { readonly backend: MemoryBackend; readonly interruptions: Interruptions }) => void = () =>
    undefined,
): Promise<Played> {
  const backend = new MemoryBackend(realm);
  const files = new MemoryFiles(realm);
  const typist = new Typist(typed);
  const interruptions = new Interruptions();
  prepare({ backend, interruptions });
  const run = new RepairRun({
    copies: () => Promise.resolve(new RecordedCopies()),
    backend,
    conversation: typist,
    env: {},
    now: () => CLOCK,
    files: () => Promise.resolve(files),
    toVenusPath: (path) => Promise.resolve(path.replace(/^\/coda(?=\/|$)/, '')),
    toUserPath: (path) => `/coda${path}`,
  });
  const ending = await converse(run, { next: (prompt) => typist.ask(prompt) }, interruptions);
  return { run, typist, ending, files };
}
