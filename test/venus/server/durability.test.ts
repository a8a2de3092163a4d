import type { FileHandle } from 'node:fs/promises';
import { relative } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Database } from '../../../src/venus/store/database.ts';
import { Containers } from '../../../src/venus/store/containers.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { ROOT, rootOf, useRealm } from '../support.ts';
import { Caller } from './caller.ts';

/** Called with a path when what is there has come to the disk. */
const { synced } = vi.hoisted(() => ({ synced: vi.fn<(path: string) => void>() }));

type OpenFile = (path: string, ...rest: readonly unknown[]) => Promise<FileHandle>;

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<{ readonly open: OpenFile }>();
  const open: OpenFile = async (path, ...rest) => {
    const file = await original.open(path, ...rest);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await sync();
      synced(path);
    };
    return file;
  };
  return { ...original, open };
});

const realm = useRealm();
const temporary = useTemporaryDirectory();
afterEach(() => vi.restoreAllMocks());

/** Stores a file. @returns what has come to the disk before the record was written, as paths below the containers */
async function syncedBeforeRecord(name: string): Promise<readonly string[]> {
  const operator = Caller.as(realm(), 'operator');
  const file = await operator.create(rootOf(ROOT), name);
  const transaction = vi.spyOn(Database.prototype, 'transaction');
  synced.mockClear();
  await operator.store(file, 'contents');
  const [recorded = 0] = transaction.mock.invocationCallOrder;
  transaction.mockRestore();
  return synced.mock.calls
    .filter((_, at) => (synced.mock.invocationCallOrder[at] ?? Infinity) < recorded)
    .map(([path]) => relative(`${realm().directory}/servers/s1/containers`, path) || '.');
}

describe('a store', () => {
  it('has its contents, their name and new directories on the disk before a record names them', async () => {
    expect(await syncedBeforeRecord('first')).toEqual(['.', '0000/00000001', '0000']);
    expect(await syncedBeforeRecord('second')).toEqual(['0000/00000002', '0000']);
  });
});

describe('new stores', () => {
  const syncedAfter = async (work: () => Promise<unknown>) => {
    synced.mockClear();
    await work();
    return synced.mock.calls.map(([path]) => relative(temporary(), path) || '.');
  };

  it('have all names on the way to them on the disk', async () => {
    const containers = () => Containers.open(temporary('servers', 's1', 'containers'), () => false);
    expect(await syncedAfter(containers)).toEqual(['.', 'servers', 'servers/s1']);
    expect(await syncedAfter(containers)).toEqual([]);
  });

  it('have the names of their files on the disk', async () => {
    const open = async () => (await Database.open(temporary('realm'))).close();
    expect(await syncedAfter(open)).toEqual(['.', 'realm']);
  });
});
