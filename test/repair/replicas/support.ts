import { mkdtempSync, rmSync } from 'node:fs';
import { RecordedCopies } from '../../support/recordedCopies.ts';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { NotCodaPathError } from '../../../src/ipc/errors.ts';
import { Interruptions } from '../../../src/repair/interruptions.ts';
import { RepairRun } from '../../../src/repair/repairRun.ts';
import { type Ending, converse } from '../../../src/repair/repl.ts';
import { MemoryServersBackend, serverFiles } from '../memory/serverSession.ts';
import { type MemoryServers } from '../memory/servers.ts';
import { Typist } from '../support.ts';

export const MOUNT = '/project/coda/demo/basic/rep';

/** What is typed, and what it led to. */
export interface Played {
  readonly run: RepairRun;
  readonly typist: Typist;
  readonly ending: Ending;
  readonly backend: MemoryServersBackend;
  /** What was copied before it went. */
  readonly saved: readonly string[];
}

/** Answers questions by what they ask; everything else is a command in its turn. */
export class AnsweringTypist extends Typist {
  readonly #lines: string[];
  readonly #answer: (question: string) => string | undefined;

  constructor(lines: readonly string[], answer: (question: string) => string | undefined) {
    super([]);
    this.#lines = [...lines];
    this.#answer = answer;
  }

  override ask(question: string): Promise<string | undefined> {
    const line = question === '* ' ? this.#lines.shift() : this.#answer(question);
    this.seen += `${question}${line ?? '^D'}\n`;
    return Promise.resolve(line);
  }
}

/** Plays a conversation about a volume on several servers to its end. */
export async function play(servers: MemoryServers, typist: Typist): Promise<Played> {
  const backend = new MemoryServersBackend(servers, MOUNT);
  const copies = new RecordedCopies();
  const run: RepairRun = new RepairRun({
    copies: () => Promise.resolve(copies),
    backend,
    conversation: typist,
    env: {},
    now: () => servers.now,
    files: () => Promise.resolve(serverFiles(servers, () => backend.find(run.begun.path))),
    toVenusPath: (typed) => {
      const whole = typed.startsWith('/') ? typed : resolve(`/coda${MOUNT}`, typed);
      return whole.startsWith('/coda/')
        ? Promise.resolve(whole.slice('/coda'.length))
        : Promise.reject(new NotCodaPathError('Bad file descriptor'));
    },
    toUserPath: (path) => `/coda${path}`,
  });
  const ending = await converse(run, { next: (prompt) => typist.ask(prompt) }, new Interruptions());
  return { run, typist, ending, backend, saved: copies.saved };
}

/** A directory for fix files, for as long as a test runs. */
export async function withFixFile<T>(work: (file: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'coda-fix-test-'));
  try {
    return await work(join(directory, 'fix'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
