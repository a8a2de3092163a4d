import type { ArchiveFormat, ArchiveItem } from '../../../cml/archive/entry.ts';
import { type WrittenCheckpoint, writeCheckpoint } from '../../../cml/checkpointFiles.ts';
import { sameFid } from '../../tree/vnodes.ts';
import { decodeText } from '../../../ipc/text.ts';
import type { Mutation } from '../../net/mutation.ts';
import type { Containers } from '../../store/containers.ts';
import { type ClientTree, OvertakenError } from '../clientTree.ts';
import { toCmlLine } from './cmlLines.ts';
import type { ModifyLogs } from './modifyLog.ts';
import type { LogRecord } from './record.ts';

/** Where a checkpoint goes, and what it is called. */
export interface CheckpointPlace {
  readonly spool: string;
  readonly realm: string;
  readonly volumeName: string;
  /** Where the volume is mounted. */
  readonly mount: string;
}

export interface CheckpointRequest extends CheckpointPlace {
  readonly volume: number;
  readonly format: ArchiveFormat;
  /** Ends it; what it throws then is the signal's reason. */
  readonly signal: AbortSignal;
}

export type LogCheckpoint = WrittenCheckpoint & {
  /** The last record that is in it. */
  readonly last: number;
};

/** Group of what real venus writes (spec/cml.md, 5.3). */
const GROUP = 65_534;
const READ = 256 * 1024;
/** What makes other names of those that the records before it have. */
const RENAMING: ReadonlySet<Mutation['op']> = new Set(['rename', 'remove', 'rmdir', 'link']);

/**
 * Writes what a modify log holds to an archive and a .cml text (spec/cml.md, 5). Files made and not stored yet are in the
 * archive, too, as empty ones.
 * @throws OvertakenError if the log became another one meanwhile; what {@link writeCheckpoint} throws. Nothing is left then
 */
export async function checkpoint(
  tree: ClientTree,
  containers: Containers,
  { spool, realm, volume, volumeName, mount, format, signal }: CheckpointRequest,
): Promise<LogCheckpoint> {
  const part = await tree.betweenChanges(() => new LogPart(tree.logs, volume, signal));
  const owner = { uid: part.uid, realm, volume: volumeName };
  const lines = function* () {
    for (const record of part.records()) yield toCmlLine(record, mount);
  };
  const entries = function* () {
    yield* itemsOf(tree, containers, part);
    part.requireUnchanged();
  };
  try {
    const contents = { lines: lines(), entries: entries() };
    return { ...(await writeCheckpoint(spool, owner, contents, format)), last: part.last };
  } catch (error) {
    // What has gone from the log may be what was looked for.
    part.requireUnchanged();
    throw error;
  }
}

/** The records that a log has at one moment, between two changes: while one is made, it counts already and is not there yet. */
class LogPart {
  readonly uid: number;
  readonly last: number;
  readonly signal: AbortSignal;
  readonly #logs: ModifyLogs;
  readonly #volume: number;
  readonly #count: number;

  constructor(logs: ModifyLogs, volume: number, signal: AbortSignal) {
    const last = logs.last(volume);
    this.uid = last?.uid ?? 0;
    this.last = last?.sequence ?? 0;
    this.signal = signal;
    this.#logs = logs;
    this.#volume = volume;
    this.#count = logs.state(volume).entries;
  }

  /** In pages, since nothing may be read from the store while others write. */
  *records(): Generator<LogRecord> {
    for (const record of pagesOf(this.#logs, this.#volume)) {
      if (record.sequence > this.last) return;
      this.signal.throwIfAborted();
      yield record;
    }
  }

  /** Writers are not kept out: what they do to these records and their names makes the copy useless. */
  requireUnchanged(): void {
    this.signal.throwIfAborted();
    let added = 0;
    for (const { mutation } of pagesOf(this.#logs, this.#volume, this.last)) {
      if (RENAMING.has(mutation.op)) throw new OvertakenError();
      added += 1;
    }
    if (this.#logs.state(this.#volume).entries - added !== this.#count) throw new OvertakenError();
  }
}

function* pagesOf(logs: ModifyLogs, volume: number, start?: number): Generator<LogRecord> {
  for (let after = start; ;) {
    const page = logs.page(volume, after);
    after = page.at(-1)?.sequence;
    if (after === undefined) return;
    yield* page;
  }
}

/** The objects, in the order of the log, by the names they have now. */
function* itemsOf(tree: ClientTree, containers: Containers, part: LogPart): Generator<ArchiveItem> {
  for (const record of part.records()) {
    const { mutation, uid, time } = record;
    const vnode = tree.cache.vnodes.find(mutation.fid);
    if (!vnode) continue;
    const facts = { name: tree.pathTo(mutation.fid), uid, gid: GROUP, modified: time };
    if (mutation.op === 'mkdir') yield { entry: { ...facts, type: 'directory', mode: 0o755 } };
    else if (mutation.op === 'symlink' && vnode.type === 'symlink')
      yield { entry: { ...facts, type: 'symlink', mode: 0o777, target: decodeText(vnode.target) } };
    else if (vnode.type === 'file' && hasLatestContents(tree, record, part.last)) {
      const size = mutation.op === 'store' ? mutation.length : 0;
      const entry = { ...facts, type: 'file', mode: 0o644, size } as const;
      const others = tree.otherNames(mutation.fid, facts.name);
      yield { entry, contents: contentsOf(containers, record, part.signal), links: 1 + others.length };
      for (const name of others)
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

async function* contentsOf(
  containers: Containers,
  { container }: LogRecord,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = container === undefined ? undefined : await containers.open(container);
  if (!file) return;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await file.read(new Uint8Array(READ), 0, READ, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
