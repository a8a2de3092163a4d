import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { bytesOfHex } from './bytes.ts';

/** One pioctl as it was recorded on a real venus. */
export interface Recording {
  readonly index: number;
  readonly opcode: number;
  readonly path: string;
  readonly follow: number;
  readonly input: Uint8Array;
  readonly outSize: number;
  readonly errno: number;
  /** Undefined where the open of the pioctl file failed, so that no answer was read. */
  readonly output: Uint8Array | undefined;
}

/** One recorded run of a C tool. */
export interface RecordedRun {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly stdout: string;
  /** Indexes of the pioctls it did. */
  readonly pioctls: readonly number[];
}

const pioctlSchema = v.object({
  i: v.number(),
  opcode: v.number(),
  path: v.string(),
  follow: v.number(),
  in_hex: v.string(),
  out_size: v.number(),
  errno: v.number(),
  out_hex: v.string(),
  bridge_error: v.optional(v.number()),
});

const runSchema = v.object({
  argv: v.array(v.string()),
  cwd: v.string(),
  stdout: v.string(),
  pioctls: v.array(v.number()),
});

/** @param file below test/golden */
export function readRecordings(file = 'pioctl.jsonl'): readonly Recording[] {
  return readLines(file, pioctlSchema).map((line) => ({
    index: line.i,
    opcode: line.opcode,
    path: line.path,
    follow: line.follow,
    input: bytesOfHex(line.in_hex),
    outSize: line.out_size,
    errno: line.errno,
    output: line.bridge_error === undefined ? bytesOfHex(line.out_hex) : undefined,
  }));
}

export function readRuns(): readonly RecordedRun[] {
  return readLines('cli.jsonl', runSchema);
}

function readLines<T>(name: string, schema: v.GenericSchema<unknown, T>): readonly T[] {
  const file = fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => v.parse(schema, JSON.parse(line)));
}
