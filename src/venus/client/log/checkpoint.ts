import type { ArchiveItem } from '../../../cml/archive/entry.ts';
import { type WrittenCheckpoint, writeCheckpoint } from '../../../cml/checkpointFiles.ts';
import { sameFid } from '../../tree/vnodes.ts';
import { decodeText } from '../../../ipc/text.ts';
import type { Containers } from '../../store/containers.ts';
import type { ClientTree } from '../clientTree.ts';
import { toCmlLine } from './cmlLines.ts';
import type { LogRecord } from './record.ts';

export interface CheckpointRequest {
  readonly spool: string;
  readonly realm: string;
  readonly volume: number;
  readonly volumeName: string;
  /** Where the volume is mounted. */
  readonly mount: string;
}

/** Group of what real venus writes (spec/cml.md, 5.3). */
const GROUP = 65_534;
const READ = 256 * 1024;

/**
 * Writes what a modify log holds to an archive and a .cml text (spec/cml.md, 5). Files made and not stored yet are in the
 * archive, too, as empty ones.
 * @returns what was written, and the last record that is in it
 */
export async function checkpoint(
  tree: ClientTree,
  containers: Containers,
  { spool, realm, volume, volumeName, mount }: CheckpointRequest,
): Promise<WrittenCheckpoint & { readonly last: number }> {
  const last = tree.logs.last(volume);
  const owner = { uid: last?.uid ?? 0, realm, volume: volumeName };
  const upTo = last?.sequence ?? 0;
  const lines = function* () {
    for (const record of recordsUpTo(tree, volume, upTo)) yield toCmlLine(record, mount);
  };
  const entries = itemsOf(tree, containers, volume, upTo);
  return { ...(await writeCheckpoint(spool, owner, { lines: lines(), entries })), last: upTo };
}

/** In pages, since nothing may be read from the store while others write. */
function* recordsUpTo(tree: ClientTree, volume: number, last: number): Generator<LogRecord> {
  for (let after: number | undefined; ;) {
    const page = tree.logs.page(volume, after);
    after = page.at(-1)?.sequence;
    if (after === undefined) return;
    for (const record of page) if (record.sequence <= last) yield record;
    if (after >= last) return;
  }
}

/** The objects, in the order of the log, by the names they have now. */
function* itemsOf(
  tree: ClientTree,
  containers: Containers,
  volume: number,
  last: number,
): Generator<ArchiveItem> {
  for (const record of recordsUpTo(tree, volume, last)) {
    const { mutation, uid, time } = record;
    const vnode = tree.cache.vnodes.find(mutation.fid);
    if (!vnode) continue;
    const facts = { name: tree.pathTo(mutation.fid), uid, gid: GROUP, modified: time };
    if (mutation.op === 'mkdir') yield { entry: { ...facts, type: 'directory', mode: 0o755 } };
    else if (mutation.op === 'symlink' && vnode.type === 'symlink')
      yield { entry: { ...facts, type: 'symlink', mode: 0o777, target: decodeText(vnode.target) } };
    else if (vnode.type === 'file' && hasLatestContents(tree, record, last)) {
      const size = mutation.op === 'store' ? mutation.length : 0;
      const entry = { ...facts, type: 'file', mode: 0o644, size } as const;
      yield { entry, contents: contentsOf(containers, record) };
      for (const name of tree.otherNames(mutation.fid, facts.name))
        yield { entry: { ...facts, type: 'hardlink', mode: 0o644, name, target: facts.name } };
    }
  }
}

/** Whether a record brings a file's last contents: its last store, or its making if nothing was stored. */
function hasLatestContents(tree: ClientTree, { sequence, mutation }: LogRecord, last: number): boolean {
  if (mutation.op !== 'store' && mutation.op !== 'create') return false;
  const later = tree.logs
    .about(mutation.fid)
    .filter((other) => sameFid(other.mutation.fid, mutation.fid) && other.mutation.op === 'store');
  return later.every((other) => other.sequence <= sequence || other.sequence > last);
}

async function* contentsOf(containers: Containers, { container }: LogRecord): AsyncGenerator<Uint8Array> {
  const file = container === undefined ? undefined : await containers.open(container);
  if (!file) return;
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(READ), 0, READ, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
