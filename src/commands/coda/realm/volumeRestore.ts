import { DumpReader, drain } from '../../../dump/dumpReader.ts';
import { DumpDamagedError } from '../../../dump/errors.ts';
import { type HeaderRecord, kindOf } from '../../../dump/record.ts';
import { RefusedError, VenusError } from '../../../ipc/errors.ts';
import { type RestoreReport, restoreLineSchema } from '../../../ipc/socket/dumpReport.ts';
import { toQueryName } from '../../../ipc/socket/routes.ts';
import { ProtocolError } from '../../../ipc/errors.ts';
import type { HttpSession } from '../../../ipc/socket/httpSession.ts';
import { printable } from '../../../term/printable.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { type DumpInput, openDump } from '../../dumpInput.ts';
import { DumpProgress } from '../../dumpProgress.ts';
import { describeCounters, describeDamage, hex8 } from '../../dumpSummary.ts';
import { ExitStatus, UsageError } from '../../exitStatus.ts';

/** Milliseconds that venus may be busy with what it got before it takes more. */
const PATIENCE = 10 * 60_000;

export const volumeRestore: Command = {
  usage: 'coda realm volume restore [--as NAME] [--partial] <file | -> [<increment> ...]',
  summary: 'make a volume of a dump, or bring one to the state of an increment',
  description: [
    'A full dump becomes a new volume; cfs mkmount puts it into the tree. The increments after it are put onto it in their order.',
    'An increment alone is put onto the volume that it is of, or that --as names; it has to be as the dump below it left it.',
    'Nothing is made of a damaged dump, except with --partial.',
  ],
  options: [
    { flags: '--as <name>', summary: 'name of the volume, if not the one it had' },
    { flags: '--partial', summary: 'restore what is whole of a damaged full dump' },
  ],
  examples: [
    'gunzip -c u.jan.gz | coda realm volume restore --as u.jan.old -',
    'coda realm volume restore sunday.dump monday.dump tuesday.dump',
  ],
  words: { min: 1 },

  async run(context, files, options) {
    if (files.indexOf('-') !== files.lastIndexOf('-')) throw new UsageError('stdin can be read only once');
    const http = await context.http('coda realm');
    const [restored, isPartial]: [object[], boolean] = [[], options.flag('partial')];
    for (const file of files) {
      try {
        const { input, header } = await openRestorable(file);
        const name = options.value('as') ?? header.volume.name;
        const report = await restore(context, http, { input, header, name, isPartial });
        restored.push(toJson(file, report));
        tell(context, file, report);
      } catch (error) {
        await context.fail(error, file, undefined);
        break;
      }
    }
    if (context.json) context.printJson({ restored, failures: context.failures });
  },
};

/** Bytes of damage in which a header is looked for. */
const HEADER_SEARCH = 16 * 1024 * 1024;

/** A dump of which the header has been read; its bytes still come from the start. */
async function openRestorable(
  file: string,
): Promise<{ readonly input: DumpInput; readonly header: HeaderRecord }> {
  const input = await openDump(file);
  // Whether damage matters is for venus to say, which reads all of it.
  const reader = new DumpReader({ isTolerant: true });
  const first: Uint8Array[] = [];
  while (!reader.header && reader.offset < HEADER_SEARCH) {
    const next = await input.bytes.next();
    drain(next.done ? reader.end() : reader.push(next.value));
    if (next.done) break;
    first.push(next.value);
  }
  if (reader.header) return { input: { ...input, bytes: joined(first, input.bytes) }, header: reader.header };
  const what = 'no header of a volume dump is in it';
  throw new DumpDamagedError({ kind: 'not-a-dump', offset: 0n, length: 0n, what });
}

async function* joined(
  first: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* rest;
}

interface Wanted {
  readonly input: DumpInput;
  readonly header: HeaderRecord;
  readonly name: string;
  readonly isPartial: boolean;
}

async function restore(
  context: Context,
  http: HttpSession,
  { input, header, name, isPartial }: Wanted,
): Promise<RestoreReport> {
  const [kind, wanted] = [kindOf(header), header.volume.id];
  const query = `kind=${kind}&name=${toQueryName(name)}&wanted=${wanted}&partial=${isPartial ? 1 : 0}`;
  const progress = new DumpProgress(`restoring ${name}`, context.terminal);
  const bytes = watched(input, progress);
  const route = `/realm/restore?${query}`;
  try {
    const request = { method: 'POST', route, bytes, patience: PATIENCE } as const;
    for await (const line of http.lines(request, restoreLineSchema, PATIENCE)) {
      if ('report' in line) return line.report;
      if ('failure' in line) throw failureOf(line.failure);
    }
    throw new ProtocolError('venus said nothing of what became of the restore');
  } catch (error) {
    throw withAdvice(error, name);
  } finally {
    progress.stop();
    await bytes.return(undefined);
  }
}

async function* watched({ bytes, size }: DumpInput, progress: DumpProgress): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const piece of bytes) {
    yield piece;
    read += piece.length;
    progress.say(read, size);
  }
}

function failureOf({ errno, code, message, ...advice }: Failure): VenusError | RefusedError {
  if (errno !== undefined) return new VenusError(errno, advice);
  return new RefusedError(code ?? 'bad-request', message, advice);
}

type Failure = {
  readonly errno?: number;
  readonly code?: RefusedError['code'];
  readonly message: string;
  readonly why?: string;
  readonly next?: string;
};

/** A volume that is there is never overwritten. */
function withAdvice(error: unknown, name: string): unknown {
  if (!(error instanceof RefusedError) || error.code !== 'name-taken') return error;
  return new RefusedError('name-taken', error.message, {
    why: 'A dump is restored into a new volume, and never over one that is there.',
    next: `Give it another name: coda realm volume restore --as ${name}.restored FILE`,
  });
}

function tell(context: Context, file: string, report: RestoreReport): void {
  const { volume, name, kind, counters, unknown, damages, damageCount, lostFiles, standIns } = report;
  const complain = (text: string) => context.terminal.err(`${file}: ${printable(text)}\n`);
  for (const { id, name: whom, isKept } of unknown) {
    const who = whom === undefined ? `the id ${id}` : `${whom} (id ${id})`;
    const becomes = isKept
      ? 'the number is kept'
      : 'his rights are left out, and what he owned is owned by System:Administrators';
    complain(`this realm does not know ${who}: ${becomes}`);
  }
  for (const damage of damages) complain(describeDamage(damage));
  for (const lost of lostFiles) complain(`left out, since its contents are not whole: ${lost}`);
  if (report.lostObjects !== undefined && report.lostObjects > 0n)
    complain(`${report.lostObjects} objects are lost`);
  for (const standIn of standIns) complain(`a directory is lost; what was in it is in: ${standIn}`);
  if (!context.json) {
    const done = kind === 'full' ? 'restored' : 'brought forward';
    context.print(`volume ${name} (${hex8(volume)}) ${done}: ${describeCounters(counters)}\n`);
  }
  const isWhole = damageCount === 0 && unknown.every(({ isKept }) => isKept);
  context.count(isWhole ? ExitStatus.Done : ExitStatus.Failed);
}

function toJson(file: string, { volume, ...report }: RestoreReport): object {
  return { file, volume: hex8(volume), ...report };
}
