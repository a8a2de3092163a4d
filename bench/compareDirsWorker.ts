/** Compares three replicas with COUNT entries each, which are made while they are read. Prints times and memory as JSON. */
import { compareReplicas } from '../src/repair/replicas/compare.ts';
import { planFor } from '../src/repair/replicas/plan.ts';
import { isDirectoryVnode } from '../src/repair/replicas/replica.ts';
import type {
  DirectoryStatus,
  Replica,
  ReplicaEntry,
  ReplicaReader,
  ReplicaStatus,
} from '../src/repair/replicas/replica.ts';

const count = Number(process.argv[2]);
const RARE = 1000;
const versionVector = { versions: [1, 1, 1, 0, 0, 0, 0, 0], storeId: { host: 1, unique: 1 }, flags: 0 };

/** The entry of a server: one name in a thousand is missing, or another object, at one of them. */
function entryOf(server: number, at: number): ReplicaEntry | undefined {
  const special = at % RARE === 0 ? (at / RARE) % 3 : -1;
  if (special === 0 && server === 1) return undefined;
  const vnode = 2 * at + 4 + (special === 1 && server === 2 ? 2 * count : 0);
  return { name: `entry-${at}.of.the.directory`, vnode, unique: at + 7, storeId: { host: 5, unique: at } };
}

function statusOf(volume: number, { vnode, unique }: { vnode: number; unique: number }): ReplicaStatus {
  const type = isDirectoryVnode({ vnode }) ? 'directory' : 'file';
  const fid = { volume, vnode, unique };
  const common = { length: 10, mode: 0o644, owner: 1, ownerName: 'luqi', linkCount: 1, modified: 0 };
  return { type, fid, versionVector, ...common };
}

const replicas: readonly Replica[] = [0, 1, 2].map((slot) => ({
  server: `s${slot}`,
  path: `/directory/s${slot}`,
  volume: slot + 1,
  slot,
  versionVector,
}));

const reader: ReplicaReader = {
  object: { volume: 9, vnode: 1, unique: 1 },
  replicas: () => Promise.resolve(replicas),
  async *entries({ slot = 0 }: Replica) {
    await Promise.resolve();
    // No two servers list in the same order.
    for (let at = 0; at < count; at++) {
      const entry = entryOf(slot, slot === 1 ? count - 1 - at : at);
      if (entry) yield entry;
    }
  },
  directory: ({ volume }): Promise<DirectoryStatus> => {
    const access = { positive: [], negative: [] };
    const status = statusOf(volume, { vnode: 1, unique: 1 });
    return Promise.resolve({ ...status, access, quotas: undefined });
  },
  status: ({ slot = 0, volume }, name) => {
    const entry = entryOf(slot, Number(/\d+/.exec(name)?.[0]));
    return Promise.resolve(entry && statusOf(volume, entry));
  },
  locate: () => Promise.resolve(undefined),
};

async function run(): Promise<void> {
  let start = performance.now();
  let length = 0;
  for (const replica of replicas) for await (const { name } of reader.entries(replica)) length += name.length;
  const listing = performance.now() - start;
  globalThis.gc?.();
  const before = heldBytes();
  start = performance.now();
  const comparison = await compareReplicas(reader);
  const compare = performance.now() - start;
  globalThis.gc?.();
  const kept = heldBytes() - before;
  const { fixFile } = planFor(comparison, new Map());
  const operations = fixFile.sections.reduce((sum, { steps }) => sum + steps.length, 0);
  const peak = process.resourceUsage().maxRSS * 1024;
  const differences = comparison.differences.length;
  process.stdout.write(
    JSON.stringify({
      listing,
      compare,
      kept,
      peak,
      differences,
      operations,
      length,
      names: comparison.names.size,
    }),
  );
}

function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

void run();
