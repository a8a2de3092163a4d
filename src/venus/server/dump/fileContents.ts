import type { FileHandle } from 'node:fs/promises';
import type { DataRecord, HoleRecord, ObjectId } from '../../../dump/record.ts';
import { fail } from '../../fail.ts';

/** Bytes of contents in one record, and the grain in which holes are found. */
const [BLOCK, GRAIN] = [256 * 1024, 64 * 1024];
/** A hole is told in parts, so that who reads the dump sees that it goes on. */
const MAX_HOLE = 1024 ** 3;
const ZEROS = Buffer.alloc(GRAIN);

/** The contents of a file as records: what is zero for long is a hole. @throws VenusError EIO where the file is too short */
export async function* fileContents(
  file: FileHandle,
  id: ObjectId,
  length: number,
): AsyncGenerator<DataRecord | HoleRecord> {
  const block = Buffer.allocUnsafeSlow(BLOCK);
  let holeStart = 0;
  for (let at = 0; at < length;) {
    const size = await readFully(file, block, at, Math.min(BLOCK, length - at));
    for (let from = 0; from < size;) {
      const end = endOfData(block, from, size);
      if (end > from) {
        if (holeStart < at + from) yield hole(id, holeStart, at + from);
        yield { kind: 'data', id, offset: BigInt(at + from), bytes: block.subarray(from, end) };
        holeStart = at + end;
      }
      from = end > from ? end : Math.min(from + GRAIN, size);
    }
    at += size;
    if (at - holeStart >= MAX_HOLE) {
      yield hole(id, holeStart, at);
      holeStart = at;
    }
  }
  if (holeStart < length) yield hole(id, holeStart, length);
}

/** The end of the grains from here on that are not zero. */
function endOfData(block: Buffer, from: number, size: number): number {
  let end = from;
  while (end < size && !isZero(block.subarray(end, Math.min(end + GRAIN, size)))) end += GRAIN;
  return Math.min(end, size);
}

function isZero(bytes: Buffer): boolean {
  return bytes.equals(bytes.length === GRAIN ? ZEROS : ZEROS.subarray(0, bytes.length));
}

function hole(id: ObjectId, from: number, to: number): HoleRecord {
  return { kind: 'hole', id, offset: BigInt(from), length: BigInt(to - from) };
}

async function readFully(file: FileHandle, block: Buffer, at: number, size: number): Promise<number> {
  for (let got = 0; got < size;) {
    const { bytesRead } = await file.read(block, got, size - got, at + got);
    if (bytesRead === 0) fail('EIO', 'The contents of a file are shorter on the disk than they should be.');
    got += bytesRead;
  }
  return size;
}
