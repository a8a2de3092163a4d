/** Writes a dump of a volume with one sparse file of a size and 2,000 small ones to stdout. */
import { randomBytes } from 'node:crypto';
import type { DumpRecord, ObjectId } from '../src/dump/record.ts';
import { ROOT, directory, directoryId, file, rootDirectory, writeDump } from './seedDump.ts';

const [DIRECTORIES, FILES, PIECE, STEP] = [10, 2000, 256 * 1024, 1024n ** 3n];
const size = BigInt(process.argv[2] ?? 0);

const sparse = file(0, ROOT, 'sparse', size);
writeDump(
  [
    rootDirectory(),
    ...Array.from({ length: DIRECTORIES }, (_, at) => directory(at, `dir${at + 1}`)),
    sparse,
    ...Array.from({ length: FILES }, (_, at) =>
      file(at + 1, directoryId((at + 1) % DIRECTORIES), `file${at + 1}`, BigInt(at + 1)),
    ),
  ],
  ({ id, length }) =>
    id.vnode === sparse.id.vnode
      ? sparseData(id)
      : [{ kind: 'data', id, offset: 0n, bytes: randomBytes(Number(length)) }],
);

/** A piece of data at the start of each GiB. */
function* sparseData(id: ObjectId): Generator<DumpRecord> {
  for (let at = 0n; at < size; at += STEP) {
    yield { kind: 'data', id, offset: at, bytes: randomBytes(PIECE) };
    const [from, to] = [at + BigInt(PIECE), at + STEP < size ? at + STEP : size];
    yield { kind: 'hole', id, offset: from, length: to - from };
  }
}
