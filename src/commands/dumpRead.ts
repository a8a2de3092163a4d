import { type DumpItem, DumpReader } from '../dump/dumpReader.ts';
import type { Damage } from '../dump/errors.ts';
import type { DumpCounters, HeaderRecord } from '../dump/record.ts';
import type { Context } from './context.ts';
import { openDump } from './dumpInput.ts';
import { DumpProgress } from './dumpProgress.ts';

/** What reading a whole dump has shown. */
export interface ReadDump {
  readonly header: HeaderRecord | undefined;
  /** Of what is whole. */
  readonly counters: DumpCounters;
  /** The first ones; {@link damageCount} counts all. */
  readonly damages: readonly Damage[];
  readonly damageCount: number;
  /** Files whose contents are not whole. */
  readonly brokenFiles: bigint;
  /** Objects that the dump should have, where its index is whole. */
  readonly expected: bigint | undefined;
  readonly bytes: bigint;
}

const MAX_DAMAGES = 1000;

/** Reads a dump to its end, over all damage. @throws DumpFileError */
export async function readDump(
  context: Context,
  file: string,
  onItem: (item: DumpItem) => void,
): Promise<ReadDump> {
  const input = await openDump(file);
  const reader = new DumpReader({ isTolerant: true });
  const progress = new DumpProgress(`reading ${input.name}`, context.terminal);
  const damages: Damage[] = [];
  let [damageCount, brokenFiles] = [0, 0n];
  const take = (item: DumpItem) => {
    if (item.kind === 'file-end' && !item.isWhole) brokenFiles += 1n;
    if (item.kind === 'damage') {
      damageCount += 1;
      if (damages.length < MAX_DAMAGES) damages.push(item.damage);
    }
    onItem(item);
  };
  try {
    for await (const bytes of input.bytes) {
      for (const item of reader.push(bytes)) take(item);
      progress.say(Number(reader.offset), input.size);
    }
    for (const item of reader.end()) take(item);
  } finally {
    progress.stop();
  }
  const { header, counters, offset: bytes } = reader;
  const expected = reader.indexEnd?.dumpedObjects;
  return { header, counters, damages, damageCount, brokenFiles, expected, bytes };
}
