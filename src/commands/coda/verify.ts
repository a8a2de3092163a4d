import { errno, errnoText } from '../../ipc/errno.ts';
import { ProtocolError, UnsupportedError } from '../../ipc/errors.ts';
import type { HttpSession } from '../../ipc/socket/httpSession.ts';
import { toQueryName } from '../../ipc/socket/routes.ts';
import {
  type ComparedSums,
  type Difference,
  type Healing,
  type Uncompared,
  healLineSchema,
  verifyLineSchema,
} from '../../ipc/verify.ts';
import { printable } from '../../term/printable.ts';
import type { Command } from '../command.ts';
import type { Context, Target } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';
import { namesOf, sentenceOf, sumsLine } from './verify/sentence.ts';
import { Progress } from './verify/progress.ts';

export const verify: Command = {
  usage: 'coda verify [--heal] [--cross] <path> [<path> ...]',
  summary: 'compare what all servers have of a subtree, by content and metadata',
  description: [
    'Asks each server of the volume by itself: names, what they stand for, contents by digest, lengths, holes, modes, owners, access lists, link targets, times, version vectors, conflicts. Each difference is a sentence that says which side lacks what; the last line has the sums. It changes nothing.',
    'With --heal the servers are brought together by resolution, and what is lost or damaged at one of them is given anew from the others, where it is beyond doubt who is right; then all is compared again.',
    'The status is 0 only if all is equal and all servers were compared; 1 with differences, 6 where conflicts are among them, 5 where a server could not be reached, 7 where something may not be read.',
  ],
  options: [
    { flags: '--heal', summary: 'bring the side that lags up to date, then compare again' },
    { flags: '--cross', summary: 'go on in volumes that are mounted below' },
  ],
  examples: ['coda verify /coda/example.org', 'coda verify --heal --cross /coda/example.org/usr/jan'],
  words: { min: 1 },

  async run(context, paths, options) {
    const http = await context.http('coda verify').catch(explainMounted);
    const statuses: ExitStatus[] = [];
    for (const typed of paths) {
      try {
        const target = await context.target(typed);
        const query = `path=${toQueryName(target.path)}${options.flag('cross') ? '&cross=true' : ''}`;
        const run = new VerifyRun(context, http, target, query);
        let sums = await run.compare();
        if (options.flag('heal') && needsHealing(sums)) {
          await run.heal();
          sums = await run.compare();
        }
        run.printSums(sums);
        statuses.push(statusOf(sums, run.refusals));
      } catch (error) {
        await context.fail(error, typed, typed);
      }
    }
    for (const status of statuses.length > 0 ? [worst(statuses)] : []) context.count(status);
    if (context.json) {
      const isEqual = context.failures.length === 0 && worst(statuses) === ExitStatus.Done;
      context.printJsonLine({ isEqual, failures: context.failures });
    }
  },
};

/** What one path needs: comparing, healing, and printing what is found. */
class VerifyRun {
  readonly #context: Context;
  readonly #http: HttpSession;
  readonly #target: Target;
  readonly #query: string;
  readonly #progress: Progress;
  /** Errnos by which servers refused to tell, in the last comparison. */
  refusals = new Set<number>();

  constructor(context: Context, http: HttpSession, target: Target, query: string) {
    this.#context = context;
    this.#http = http;
    this.#target = target;
    this.#query = query;
    this.#progress = new Progress(context);
  }

  async compare(): Promise<ComparedSums> {
    this.refusals = new Set();
    this.#progress.start(`comparing the replicas of ${this.#target.typed}`);
    try {
      const request = { method: 'GET', route: `/verify?${this.#query}` } as const;
      for await (const line of this.#http.lines(request, verifyLineSchema)) {
        if ('end' in line) return line.end;
        if ('progress' in line) this.#progress.show(line.progress);
        else if ('difference' in line) this.#difference(line.difference);
        else this.#uncompared(line.uncompared);
      }
    } finally {
      this.#progress.stop();
    }
    throw new ProtocolError('the comparison is cut short');
  }

  async heal(): Promise<void> {
    this.#progress.start(`bringing the replicas of ${this.#target.typed} together`);
    try {
      const request = { method: 'POST', route: `/verify/heal?${this.#query}` } as const;
      for await (const line of this.#http.lines(request, healLineSchema)) {
        if ('end' in line) {
          if (!this.#context.json) this.#print('Healed as far as possible; comparing again:\n');
          return;
        }
        if ('progress' in line) this.#progress.show(line.progress);
        else this.#healing(line.healing);
      }
    } finally {
      this.#progress.stop();
    }
    throw new ProtocolError('the healing is cut short');
  }

  printSums(sums: ComparedSums): void {
    const { typed } = this.#target;
    if (this.#context.json) this.#context.printJsonLine({ path: typed, sums });
    else this.#print(`${printable(typed)}: ${printable(sumsLine(sums))}\n`);
  }

  #difference(difference: Difference): void {
    const path = this.#userPath(difference.path);
    const sentence = sentenceOf(difference);
    if (this.#context.json)
      this.#progress.around(() =>
        this.#context.printJsonLine({ difference: { ...difference, path, sentence } }),
      );
    else this.#print(`${printable(path)}: ${printable(sentence)}\n`);
  }

  #uncompared({ path: from, errno: number, servers }: Uncompared): void {
    this.refusals.add(number);
    const path = this.#userPath(from);
    const message = errnoText(number);
    if (this.#context.json)
      this.#progress.around(() =>
        this.#context.printJsonLine({ uncompared: { path, errno: number, message, servers } }),
      );
    else this.#print(`${printable(path)}: not compared, ${namesOf(servers)}: ${message}\n`);
  }

  #healing(healing: Healing): void {
    const path = this.#userPath(healing.path);
    if (this.#context.json)
      this.#progress.around(() => this.#context.printJsonLine({ healing: { ...healing, path } }));
    else if (healing.kind === 'renewed')
      this.#print(`${printable(path)}: given anew to ${namesOf(healing.servers)}.\n`);
    else this.#print(`${printable(path)}: left as it is. ${printable(healing.why)}\n`);
  }

  #print(text: string): void {
    this.#progress.around(() => this.#context.print(text));
  }

  #userPath(path: string): string {
    return this.#context.userPath(`/coda${path}`);
  }
}

/** A real Coda has no request by which one server is asked; to expand an object is a change. */
function explainMounted(error: unknown): never {
  if (!(error instanceof UnsupportedError)) throw error;
  throw new UnsupportedError(error.message, {
    why: 'The venus in use is that of a mounted Coda: it shows what single servers have only of objects that are expanded, which is a change.',
    next: 'See what is in conflict with coda conflicts, and look at one object with repair and its command comparedirs; cfs getfid shows versions, cfs checkservers who is up.',
  });
}

function needsHealing({ differences }: ComparedSums): boolean {
  return differences > 0;
}

function statusOf(sums: ComparedSums, refusals: ReadonlySet<number>): ExitStatus {
  if (sums.conflicts > 0) return ExitStatus.Conflict;
  if (sums.differences > 0) return ExitStatus.Failed;
  if (sums.volumes.some(({ unreached }) => unreached.length > 0)) return ExitStatus.Unreachable;
  if (sums.uncompared === 0) return ExitStatus.Done;
  return [...refusals].every((number) => number === errno('EACCES'))
    ? ExitStatus.PermissionDenied
    : ExitStatus.Failed;
}

/** What says most about all of them together. */
function worst(statuses: readonly ExitStatus[]): ExitStatus {
  const order = [ExitStatus.Conflict, ExitStatus.Failed, ExitStatus.Unreachable, ExitStatus.PermissionDenied];
  return order.find((status) => statuses.includes(status)) ?? ExitStatus.Done;
}
