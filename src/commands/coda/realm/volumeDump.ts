import { DumpReader, drain } from '../../../dump/dumpReader.ts';
import { DumpDamagedError } from '../../../dump/errors.ts';
import { toQueryName } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { DumpFileError, openDump } from '../../dumpInput.ts';
import { type DumpOutput, openDumpOutput } from '../../dumpOutput.ts';
import { DumpProgress } from '../../dumpProgress.ts';
import { describeCounters, describeHeader, headerToJson } from '../../dumpSummary.ts';
import { UsageError } from '../../exitStatus.ts';

export const volumeDump: Command = {
  usage: 'coda realm volume dump [--since DUMP] [--server NAME] [--force] <volume> [<file> | -]',
  summary: 'save a volume as one stream, whole or what has changed since another dump',
  description: [
    'The dump is of one moment: what clients write while it is made is not in it. Without a file it goes to stdout.',
    'A file has its name only when the dump is whole and on the disk; until then it is FILE.partial.',
  ],
  options: [
    {
      flags: '--since <dump>',
      summary: 'only what has changed since this dump, which may be an increment too',
    },
    {
      flags: '--server <name>',
      summary: 'take what this server has (default: the first, after all were brought to the same state)',
    },
    { flags: '--force', summary: 'replace the file if it is there' },
  ],
  examples: [
    'coda realm volume dump u.jan sunday.dump',
    'coda realm volume dump --since sunday.dump u.jan | gzip > monday.dump.gz',
  ],
  words: { min: 1, max: 2 },

  async run(context, [volume = '', file = '-'], options) {
    if (context.json && file === '-')
      throw new UsageError('--json needs a file, since without one the dump goes to stdout');
    const since = options.value('since');
    const base = since === undefined ? undefined : await frontOf(since);
    const http = await context.http('coda realm');
    const outIs = { replaces: options.flag('force'), isTerminal: context.terminal.outIsTerminal };
    const output = await openDumpOutput(file, outIs);
    const server = options.value('server');
    const from = server === undefined ? '' : `&server=${toQueryName(server)}`;
    const route = `/realm/dump?volume=${toQueryName(volume)}&base=${base ? 1 : 0}${from}`;
    const request = { method: 'POST', route, ...(base ? { bytes: base } : {}) } as const;
    try {
      await receive(context, volume, file, http.bytes(request), output);
    } catch (error) {
      const kept = await output.abandon();
      if (kept !== undefined)
        context.terminal.err(`${kept}: what came is kept; coda realm dump verify says what is whole of it\n`);
      throw error;
    }
  },
};

/** Writes the dump, and reads it as well: what is written is a whole dump, or it fails. */
async function receive(
  context: Context,
  volume: string,
  file: string,
  stream: AsyncIterable<Uint8Array>,
  output: DumpOutput,
): Promise<void> {
  const progress = new DumpProgress(`dumping ${volume}`, context.terminal);
  const reader = new DumpReader({ isTolerant: false });
  let written = 0;
  try {
    for await (const bytes of stream) {
      drain(reader.push(bytes));
      await output.write(bytes);
      written += bytes.length;
      const { dataBytes, holeBytes } = reader.counters;
      const total = reader.indexEnd ? Number(reader.indexEnd.dumpedBytes) : undefined;
      progress.say(Number(dataBytes + holeBytes), total);
    }
    drain(reader.end());
    await output.commit();
  } finally {
    progress.stop();
  }
  const { header, counters } = reader;
  if (!header) return;
  const rate = progress.rate(Number(counters.dataBytes + counters.holeBytes));
  context.note(`${describeHeader(header)}: ${describeCounters(counters)}; ${written} bytes written, ${rate}`);
  if (context.json)
    context.printJson({ ...headerToJson(header), file, bytes: written, counters, failures: [] });
}

/** The start of a dump to the end of its index, which is all that an increment upon it needs. */
async function frontOf(typed: string): Promise<AsyncIterable<Uint8Array>> {
  const { bytes } = await openDump(typed);
  const reader = new DumpReader({ isTolerant: false });
  const first = await bytes.next();
  if (first.done) throw new DumpFileError(`${typed}: it is empty`);
  checkFront(typed, reader, first.value);
  return rest();

  async function* rest(): AsyncGenerator<Uint8Array> {
    yield first.value ?? new Uint8Array(0);
    while (!reader.indexEnd) {
      const next = await bytes.next();
      if (next.done) throw new DumpFileError(`${typed}: it ends before its index does`);
      checkFront(typed, reader, next.value);
      yield next.value;
    }
    await bytes.return(undefined);
  }
}

function checkFront(typed: string, reader: DumpReader, bytes: Uint8Array): void {
  try {
    drain(reader.push(bytes));
  } catch (error) {
    // Damage behind the index does no harm here.
    if (reader.indexEnd || !(error instanceof DumpDamagedError)) return;
    throw new DumpFileError(`${typed}: ${error.message}`, {}, { cause: error });
  }
}
