import { VenusUnavailableError } from '../../ipc/errors.ts';
import { printable } from '../../term/printable.ts';
import { formatDuration } from '../../term/time.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';
import { diagnoseClient } from './clientDiagnosis.ts';
import { type LogFacts, diagnose } from './diagnosis.ts';
import type { Finding } from './finding.ts';
import { askerOf } from './diagnoseAt.ts';
import { type Facts, factsAt } from './logFacts.ts';

export const doctor: Command = {
  usage: 'coda doctor [--exit-code] [<path> ...]',
  summary: 'explain why changes are not on the servers, and say what to do',
  description: [
    'Looks at the modify logs of the volumes that the paths lie in, or of all, and at the room that the cache has. It changes nothing.',
    'The status is 0 when the report was made, 3 if no venus runs. With --exit-code it tells the cause: 4 a token is missing, 5 servers cannot be reached, 6 a conflict, 1 something else.',
  ],
  options: [{ flags: '--exit-code', summary: 'let the exit status tell the cause' }],
  examples: ['coda doctor', 'coda doctor /coda/example.org/usr/jan'],

  async run(context, paths, options) {
    const report = new Report(context, options.flag('exit-code'));
    for (const typed of paths.length === 0 ? [undefined] : paths) {
      try {
        await report.add(await factsAt(context, typed));
      } catch (error) {
        if (error instanceof VenusUnavailableError) {
          report.notRunning(error);
          break;
        }
        await context.fail(error, typed ?? 'coda doctor', typed);
      }
    }
    report.end();
  },
};

/** What has been found, printed as it is found, or in one document. */
class Report {
  readonly #context: Context;
  readonly #decides: boolean;
  readonly #logs: object[] = [];
  readonly #findings: object[] = [];
  readonly #said = new Set<string>();

  /** @param decides whether what is found makes the exit status */
  constructor(context: Context, decides: boolean) {
    this.#context = context;
    this.#decides = decides;
  }

  async add({ logs, client }: Facts): Promise<void> {
    const before = this.#count;
    for (const facts of logs) await this.#addLog(facts);
    for (const finding of client === undefined ? [] : diagnoseClient(client))
      this.#addFinding('the client', finding);
    if (!this.#decides || this.#count === before) this.#context.succeed();
  }

  /** Then there is nothing else to say. */
  notRunning({ message, why = '' }: VenusUnavailableError): void {
    const finding = { cause: 'venus-not-running', why, next: 'coda up', status: ExitStatus.NoVenus } as const;
    this.#addFinding(message, finding);
    if (!this.#decides) this.#context.count(ExitStatus.NoVenus);
  }

  end(): void {
    const { json, failures } = this.#context;
    if (json) this.#context.printJson({ logs: this.#logs, findings: this.#findings, failures });
    else if (this.#count === 0 && failures.length === 0)
      this.#context.print('No problems: all changes are on the servers.\n');
  }

  get #count(): number {
    return this.#logs.length + this.#findings.length;
  }

  async #addLog(facts: LogFacts): Promise<void> {
    const asker = await askerOf(this.#context);
    const [main, ...others] = diagnose(facts, asker);
    const { cause, why, next } = main;
    if (this.#decides) this.#context.count(main.status);
    this.#logs.push({ ...facts, cause, why, next, findings: [main, ...others].map(withoutStatus) });
    const where = facts.mount ?? `volume ${facts.name}`;
    const also = others.map((other) => `  also: ${printable(other.why)}\n`).join('');
    this.#print(`${printable(where)}: ${summaryOf(facts, asker.now)}`, main, also);
  }

  /** The same is found again at each path, and is said once. */
  #addFinding(where: string, finding: Finding): void {
    if (this.#said.has(finding.cause)) return;
    this.#said.add(finding.cause);
    // Where a log waits, it is what decides.
    if (this.#decides && this.#logs.length === 0) this.#context.count(finding.status);
    this.#findings.push(withoutStatus(finding));
    this.#print(
      finding.cause === 'venus-not-running' ? where : `${where}: ${titles[finding.cause] ?? ''}`,
      finding,
    );
  }

  #print(title: string, { why, next }: Finding, also = ''): void {
    if (this.#context.json) return;
    this.#context.print(`${title}\n  why:  ${printable(why)}\n${also}  next: ${printable(next)}\n`);
  }
}

const titles: Partial<Record<Finding['cause'], string>> = {
  'cache-full': 'unsent files fill the cache',
  'disk-full': 'the disk is full',
};

function withoutStatus({ cause, why, next }: Finding): object {
  return { cause, why, next };
}

/** How much waits, and for how long. */
export function summaryOf({ entries, bytes, oldest }: LogFacts, now: number): string {
  const changes = entries === 1 ? '1 change is' : `${entries} changes are`;
  const age =
    oldest === undefined ? '' : `, the oldest ${formatDuration(Math.max(0, now - oldest) / 1000)} old`;
  return `${changes} not on the servers (${bytes} bytes${age})`;
}
