/** What servers that are down have in their stores. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { Database } from '../../src/venus/store/database.ts';
import type { Entry, Vnode } from '../../src/venus/tree/vnodes.ts';
import type { VolumeRecord } from '../../src/venus/tree/volumeRecord.ts';
import { findProblems } from '../venus/server/invariants.ts';

const metadataOf = (data: string, name: string) => join(data, 'servers', name, 'metadata');

/** Updates that a server does not know to be at all of them. It may run. */
export async function logged(data: string, name: string): Promise<number> {
  const metadata = await Database.open(metadataOf(data, name));
  try {
    return [...metadata.table('resolutionLog').all()].length;
  } finally {
    await metadata.close();
  }
}

/** All that a server that is down has in its store, but for what is its own. */
export async function storeOf(data: string, name: string): Promise<readonly string[]> {
  const metadata = await Database.open(metadataOf(data, name));
  try {
    expect(findProblems(metadata, join(data, 'servers', name, 'containers'))).toEqual([]);
    const vnodes = [...metadata.table<Vnode & { container?: number }>('vnodes').all()].map(({ value }) => {
      const own = { container: value.container !== undefined, isRepaired: value.isRepaired ?? false };
      return JSON.stringify(
        Object.entries({ ...value, ...own }).sort(([one], [other]) => (one < other ? -1 : 1)),
      );
    });
    const names = [...metadata.table<Entry>('entries').all()].map(
      ({ key, value }) => `${Buffer.from(key).toString('hex')} ${JSON.stringify(value)}`,
    );
    const volumes = [...metadata.table<VolumeRecord>('volumes').all()].map(
      ({ value }) => `${value.name} ${value.blocksUsed}`,
    );
    return [...vnodes, ...names, ...volumes].sort();
  } finally {
    await metadata.close();
  }
}
