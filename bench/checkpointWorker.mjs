/** What bench/checkpoint.mjs does in processes of their own, to see their memory: prints one JSON document. */
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveReader } from '../src/cml/archive/archiveReader.ts';
import { encodeArchive } from '../src/cml/archive/archiveWriter.ts';
import { fileInput } from '../src/cml/archive/input.ts';
import { verifyCheckpointFiles } from '../src/cml/checkpointFiles.ts';
import { formatCmlLine } from '../src/cml/cmlText.ts';

const GIB = 2 ** 30;
const facts = { mode: 0o644, uid: 501, gid: 65534, modified: 1_795_000_000_000 };
const ROOT = '/coda/bench.realm/vol';

const [task, ...words] = process.argv.slice(2);
const tasks = {
  nothing: () => ({}),
  make,
  /** Only passes over the archive, as tar and cpio do when they list it. */
  read: async (archive, rounds) => {
    const times = [];
    for (let round = 0; round < Number(rounds); round++) {
      const start = process.hrtime.bigint();
      const file = await open(archive);
      const reader = await ArchiveReader.open(await fileInput(file));
      while ((await reader.nextBatch()).length > 0);
      await file.close();
      times.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    return { times };
  },
  verify: async (archive, rounds) => {
    const times = [];
    let verification;
    for (let round = 0; round < Number(rounds); round++) {
      const start = process.hrtime.bigint();
      verification = await verifyCheckpointFiles(archive);
      times.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    const { verified, entries, members, bytes } = verification;
    return { verified, entries, members, bytes, times };
  },
};
const result = await tasks[task](...words);
console.log(JSON.stringify({ ...result, peak: Math.round(process.resourceUsage().maxRSS / 1024) }));

async function make(directory, kind, format) {
  const items = kind === 'big' ? bigFile(format === 'pax' ? 5 * GIB : 3.9 * GIB) : smallFiles(100_000);
  const archive = join(directory, `${kind}-${format}.${format === 'newc' ? 'cpio' : 'tar'}`);
  const lines = [];
  async function* logged() {
    for (const item of items) {
      const path = `${ROOT}/${item.entry.name}`;
      if (item.entry.type === 'file') {
        lines.push({ op: 'create', path }, { op: 'store', path, length: item.entry.size });
      } else lines.push({ op: 'mkdir', path });
      yield item;
    }
  }
  const fd = openSync(archive, 'w');
  let length = 0;
  for await (const bytes of encodeArchive(format, logged())) {
    if (bytes.some((byte) => byte !== 0)) writeSync(fd, bytes, 0, bytes.length, length);
    length += bytes.length;
  }
  ftruncateSync(fd, length);
  closeSync(fd);
  const log = lines.map((line) => `${formatCmlLine(line)}\n`).join('');
  writeFileSync(join(directory, `${kind}-${format}.cml`), log);
  return { archive };
}

function* bigFile(size) {
  const zeros = new Uint8Array(16 * 2 ** 20);
  function* contents() {
    for (let left = Math.floor(size); left > 0; left -= zeros.length)
      yield zeros.subarray(0, Math.min(left, zeros.length));
  }
  yield { entry: { type: 'file', name: 'big', ...facts, size: Math.floor(size) }, contents: contents() };
}

function* smallFiles(count) {
  const contents = Buffer.from('contents of a small file\n'.repeat(40));
  for (let at = 0; at < count; at++) {
    const directory = `directory-${Math.floor(at / 1000)}`;
    if (at % 1000 === 0) yield { entry: { type: 'directory', name: directory, ...facts, mode: 0o755 } };
    const bytes = contents.subarray(0, at % contents.length);
    yield {
      entry: { type: 'file', name: `${directory}/file-${at}`, ...facts, size: bytes.length },
      contents: [bytes],
    };
  }
}
