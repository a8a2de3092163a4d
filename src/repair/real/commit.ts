import { setTimeout as sleep } from 'node:timers/promises';
import type { CmlLine } from '../../cml/cmlLine.ts';
import { formatCmlLine, parseCmlLine } from '../../cml/cmlText.ts';
import { joinPath } from '../../ipc/codaPath.ts';
import { isErrno } from '../../ipc/errors.ts';
import { type Milliseconds, monotonicTime, timeLimitError } from '../../ipc/timeLimit.ts';
import type { FileTree } from '../../ipc/venus.ts';
import { printable } from '../../term/printable.ts';
import { type Committed, RepairError } from '../backend.ts';
import { verdictOfCheck } from './checkText.ts';
import { statusOf } from './globalView.ts';
import type { Journals } from './journals.ts';
import { isSameRecord, shownText } from './logListing.ts';
import { LOCAL_ENTRY, pathAt } from './objectPaths.ts';
import type { RealVenus } from './realVenus.ts';
import { Redo } from './redo.ts';
import { type Work, type WorkRecord, stepsOf } from './work.ts';

const [FIRST_PAUSE, LONGEST_PAUSE] = [20, 1000];

export interface CommitParts {
  readonly venus: RealVenus;
  readonly files: FileTree;
  readonly journals: Journals;
  /** How long the servers may take: to be sent a record, and to show what was settled. */
  readonly patience: Milliseconds;
}

/** What was settled, or why the rest could not be. */
export type Settled =
  | Extract<Committed, { kind: 'done' }>
  /** The servers refuse a record that nothing seemed to be in the way of. */
  | {
      readonly kind: 'refused';
      readonly at: number;
      readonly verdict: Extract<Committed, { kind: 'overtaken' }>['verdict'];
    };

/**
 * Carries out what was decided, one step after the other (spec/repair.md, 19.4). Each step can be interrupted, and the
 * next run goes on there: what is to be kept is saved and the journal written before anything is discarded.
 */
export class Commit {
  readonly #parts: CommitParts;
  #work: Work;

  constructor(parts: CommitParts, work: Work) {
    this.#parts = parts;
    this.#work = work;
  }

  get work(): Work {
    return this.#work;
  }

  /** Saves what will be needed when the client's version is gone. The object must be expanded. */
  async prepare(): Promise<void> {
    const { files, journals } = this.#parts;
    const { id, object } = this.#work;
    const records: WorkRecord[] = [];
    let count = 0;
    const isPurged = this.#work.records.some(isFree);
    for (const record of this.#work.records) {
      const steps = [];
      for (const step of record.steps) {
        count += 1;
        const isNeeded = record.fate === 'discard' || isPurged;
        if (!isNeeded || step.op !== 'store' || step.local === undefined || step.saved) {
          steps.push(step);
          continue;
        }
        const from = pathAt(joinPath(object, LOCAL_ENTRY), step.local);
        const saved = await journals.save(id, String(count), files.read(from));
        steps.push({ ...step, saved });
      }
      records.push({ ...record, steps });
    }
    await this.#note({ records });
  }

  /** Goes on to the end. The object must be collapsed. @throws RepairError; VenusError; TimeLimitError */
  async run(): Promise<Settled> {
    const refused = await this.#settleLog();
    if (refused) return refused;
    await this.#redoAll();
    await this.#parts.journals.remove(this.#work.id);
    const count = (wanted: string) => this.#work.records.filter(({ decision }) => decision === wanted).length;
    return { kind: 'done', performed: count('preserved'), discarded: count('discarded') };
  }

  async #note(change: Partial<Work>): Promise<void> {
    const work = { ...this.#work, ...change };
    await this.#parts.journals.write(work);
    this.#work = work;
  }

  async #settleLog(): Promise<Settled | undefined> {
    const { records } = this.#work;
    const end = records.findLastIndex(({ fate }) => fate !== 'stay') + 1;
    while (this.#work.settled < end) {
      const position = await this.#position();
      const at = this.#work.settled;
      if (position > at) {
        await this.#note({ settled: position });
        continue;
      }
      if (records.slice(at + 1).some(isFree)) await this.#purge(at);
      else if (this.#recordAt(at).fate === 'discard') await this.#discard(at);
      else {
        const refused = await this.#send(at);
        if (refused) return refused;
      }
    }
    return undefined;
  }

  /** How many of the records have left the log. @throws RepairError if it is not the log that was decided about */
  async #position(): Promise<number> {
    const listed = await this.#parts.venus.list(this.#work.logPath);
    const { records, settled } = this.#work;
    for (let at = settled; at < records.length; at++) if (beginsWith(listed, records.slice(at))) return at;
    // What came later may be all that is left.
    const isAnyLeft = records.slice(settled).some((record) => listed.some((line) => isLineOf(record, line)));
    if (!isAnyLeft) return records.length;
    throw new RepairError('The modify log is not the one that was decided about', {
      why: `It begins with other records: something else has settled some of them. ${this.#whereSaved()}`,
      next: 'See what is left: cfs listlocal. Take what you need from there, remove that directory, and begin again.',
    });
  }

  async #discard(at: number): Promise<void> {
    if (!this.#work.isIrrevocable) await this.#note({ isIrrevocable: true });
    if (await this.#discardFirst()) await this.#note({ settled: at + 1 });
    else if (this.#recordAt(at).free) await this.#purge(at);
    else await this.#discardWhenRefused(at);
  }

  /** @returns false if venus does not discard it, as it is not in conflict */
  async #discardFirst(): Promise<boolean> {
    try {
      const reply = await this.#parts.venus.discardFirst(this.#work.logPath);
      if (reply.startsWith('discarded local mutation')) return true;
      throw new RepairError(`venus answered: ${printable(reply.trim())}`, {
        why: `A record could not be discarded. ${this.#whereSaved()}`,
        next: 'Begin again: the repair goes on where it was.',
      });
    } catch (error) {
      if (isErrno(error, 'EINVAL')) return false;
      throw error;
    }
  }

  /**
   * Throws the rest of the log away, all of which was decided about. That is the only way to leave out what is not in
   * conflict itself: venus discards nothing else, and sends it as soon as what is ahead of it has gone. What was to be
   * sent is done anew then.
   */
  async #purge(at: number): Promise<void> {
    const { venus } = this.#parts;
    const { logPath } = this.#work;
    const rest = this.#work.records.slice(at);
    const undecided = rest.find(({ mutation, fate }) => !mutation || fate === 'stay');
    if (undecided) throw this.#notAlone(rest.find(isFree) ?? undecided, undecided);
    // Venus's own copy has what somebody may add to the log before it is thrown away.
    await venus.checkpoint(logPath);
    const listed = await venus.list(logPath);
    const added = listed[rest.length];
    if (added) throw this.#notAlone(rest.find(isFree) ?? this.#recordAt(at), { line: formatCmlLine(added) });
    if (!beginsWith(listed, rest)) return;
    const records = this.#work.records.map((record, index) =>
      index < at ? record : { ...record, fate: 'discard' as const },
    );
    await this.#note({ records, isIrrevocable: true });
    await venus.purge(logPath);
    await this.#note({ settled: records.length });
  }

  #notAlone(free: { readonly line: string }, other: { readonly line: string }): RepairError {
    return new RepairError(`${shownText(free.line)} cannot be left out by itself`, {
      why: `It is not in conflict: venus discards it only with all of its log, and that holds besides: ${shownText(other.line)}`,
      next: 'Preserve it, and change it afterwards. Or settle what is said to be there besides first.',
    });
  }

  /** Has venus try to send what the servers will refuse, so that it can be discarded. */
  async #discardWhenRefused(at: number): Promise<void> {
    const { line } = this.#recordAt(at);
    const { venus } = this.#parts;
    await venus.send(this.#work.logPath);
    await this.#within(`${line} to be refused`, async () => {
      if ((await this.#position()) > at) return true;
      return (await this.#discardFirst()) || undefined;
    });
    await this.#note({ settled: at + 1 });
  }

  /** Has venus send a record. @returns why the servers do not take it */
  async #send(at: number): Promise<Settled | undefined> {
    const { venus } = this.#parts;
    const { logPath } = this.#work;
    await venus.send(logPath);
    const { line, mutation } = this.#recordAt(at);
    const outcome = await this.#within(`${line} to be sent`, async () => {
      const position = await this.#position();
      if (position > at) return position;
      return (await venus.hasConflict(logPath)) ? 'refused' : undefined;
    });
    if (outcome !== 'refused') {
      await this.#note({ settled: outcome });
      return undefined;
    }
    if (!mutation)
      throw new RepairError(`Another object is in conflict first: ${shownText(line)}`, {
        why: `Venus settles its log from the front. ${this.#whereSaved()}`,
        next: 'Repair that object; then begin again with this one: the repair goes on where it was.',
      });
    // Nothing is expanded, so that it is safe to ask; not for the root of a volume, which would end venus.
    const isAskable = !(mutation.path === '' && logPath === this.#work.object);
    const text = isAskable ? await venus.checkFirst(logPath) : '';
    return { kind: 'refused', at, verdict: verdictOfCheck(text, mutation) ?? denied(mutation.path) };
  }

  async #redoAll(): Promise<void> {
    const steps = stepsOf(this.#work);
    if (steps.length === 0) return;
    const { files, journals } = this.#parts;
    const { id, object } = this.#work;
    await this.#within(`${object} to show what the servers have`, async () =>
      (await isInConflict(files, object)) ? undefined : true,
    );
    const redo = new Redo(files, object, (saved) => journals.read(id, saved), journals.directoryOf(id));
    for (let at = this.#work.redone; at < steps.length; at++) {
      const step = steps[at];
      if (step) await redo.perform(step);
      await this.#note({ redone: at + 1 });
    }
  }

  #recordAt(at: number): WorkRecord {
    const record = this.#work.records[at];
    if (!record) throw new Error(`repair: no record ${at}`);
    return record;
  }

  #whereSaved(): string {
    return `What was to be kept is saved in ${printable(this.#parts.journals.directoryOf(this.#work.id))}`;
  }

  /** Asks again and again, within the patience. @throws TimeLimitError */
  async #within<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const end = monotonicTime() + this.#parts.patience;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (monotonicTime() > end) throw timeLimitError(printable(what), this.#parts.patience);
      await sleep(pause);
    }
  }
}

function isFree({ free, decision }: WorkRecord): boolean {
  return free === true && decision === 'discarded';
}

export async function isInConflict(files: FileTree, path: string): Promise<boolean> {
  const status = await statusOf(files, path);
  return status?.type === 'symlink' && (await files.readlink(path)).startsWith('@');
}

function beginsWith(listed: readonly CmlLine[], records: readonly WorkRecord[]): boolean {
  return records.every((record, at) => isLineOf(record, listed[at]));
}

/** Whether a line of the log is that of a record. */
export function isLineOf(record: WorkRecord | undefined, found: CmlLine | undefined): boolean {
  const expected = record && parseCmlLine(record.line);
  return expected !== undefined && found !== undefined && isSameRecord(expected, found);
}

function denied(target: string) {
  return { kind: 'conflict', obstruction: 'denied', target } as const;
}
