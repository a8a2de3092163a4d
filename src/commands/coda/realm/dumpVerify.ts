import type { Command } from '../../command.ts';
import { type ReadDump, readDump } from '../../dumpRead.ts';
import { describeCounters, describeDamage, describeHeader, headerToJson } from '../../dumpSummary.ts';
import { ExitStatus } from '../../exitStatus.ts';

export const dumpVerify: Command = {
  usage: 'coda realm dump verify <file | ->',
  summary: 'read a dump of a volume, and say whether it is whole; no venus is needed',
  description: ['Exits with 1 for a dump that is damaged or cut, and says where, and what of it is whole.'],
  examples: ['gunzip -c monday.dump.gz | coda realm dump verify -'],
  words: { min: 1, max: 1 },

  async run(context, [file = '']) {
    const found = await readDump(context, file, () => undefined);
    const { header, counters, damages, damageCount } = found;
    const isWhole = damageCount === 0;
    context.count(isWhole ? ExitStatus.Done : ExitStatus.Failed);
    if (context.json) {
      const dump = header ? { dump: headerToJson(header) } : {};
      const { bytes, brokenFiles, expected } = found;
      const whole = {
        isWhole,
        bytes,
        counters,
        brokenFiles,
        ...(expected === undefined ? {} : { expected }),
      };
      context.printJson({ file, ...dump, ...whole, damages, damageCount, failures: context.failures });
      return;
    }
    for (const damage of damages) context.terminal.err(`${file}: ${describeDamage(damage)}\n`);
    if (header) context.print(`${file}: ${describeHeader(header)}\n`);
    context.print(`${file}: ${verdict(found)}\n`);
  },
};

function verdict({ counters, damageCount, damages, brokenFiles, expected, bytes }: ReadDump): string {
  if (damageCount === 0) return `whole: ${describeCounters(counters)}; ${bytes} bytes`;
  const [first] = damages;
  const read = counters.directories + counters.files + counters.symlinks - brokenFiles;
  const of = expected === undefined ? '' : ` of ${expected}`;
  return `damaged from byte ${first?.offset ?? 0n} on, in ${damageCount} places; whole are ${read}${of} objects`;
}
