import { statSync } from 'node:fs';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/ipc/errors.ts';
import { Database } from '../../../src/venus/store/database.ts';
import { key } from '../../../src/venus/store/keys.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { raise } from '../support.ts';

const temporary = useTemporaryDirectory();

/** A database and a table of numbers, closed after the work. */
async function withTable(
  work: (database: Database, table: ReturnType<typeof numbers>) => Promise<void>,
): Promise<void> {
  const database = await Database.open(temporary('db'));
  await work(database, numbers(database)).finally(() => database.close());
}

const numbers = (database: Database) => database.table<number>('numbers');

describe('a transaction', () => {
  it('is seen by readers as soon as it is answered', () =>
    withTable(async (database, table) => {
      for (let value = 0; value < 50; value++) {
        table.get(key('counter'));
        await database.transaction((writer) => writer.put(table, key('counter'), value));
        expect(table.get(key('counter'))).toBe(value);
      }
    }));

  it('answers what its change returns', () =>
    withTable(async (database) => {
      expect(await database.transaction(() => 'answer')).toBe('answer');
    }));

  it('sees inside what it has written so far, and what those before it have written', () =>
    withTable(async (database, table) => {
      const count = () =>
        database.transaction((writer) => {
          for (let step = 0; step < 3; step++) {
            writer.put(table, key('counter'), (table.get(key('counter')) ?? 0) + 1);
          }
          return table.get(key('counter'));
        });
      expect(await Promise.all([count(), count(), count()])).toEqual([3, 6, 9]);
    }));

  it('that throws rejects with what it threw, and undoes all that it wrote and removed', () =>
    withTable(async (database, table) => {
      await database.transaction((writer) => writer.put(table, key('old'), 1));
      const change = database.transaction((writer) => {
        writer.put(table, key('new'), 2);
        writer.put(table, key('old'), 3);
        writer.remove(table, key('old'));
        raise('on purpose');
      });
      await expect(change).rejects.toThrow('on purpose');
      expect([table.get(key('old')), table.get(key('new'))]).toEqual([1, undefined]);
      expect([...table.all()]).toHaveLength(1);
    }));

  it('that throws leaves the others of the same flush intact', () =>
    withTable(async (database, table) => {
      const work = Array.from({ length: 60 }, (_, at) =>
        database.transaction((writer) => {
          writer.put(table, key(at), at);
          writer.put(table, key('count'), (table.get(key('count')) ?? 0) + 1);
          if (at % 3 === 1) raise(`refused ${at}`);
        }),
      );
      const ends = (await Promise.allSettled(work)).map(({ status }) => status);
      expect(ends.filter((status) => status === 'rejected')).toHaveLength(20);
      for (let at = 0; at < 60; at++) {
        expect(ends[at]).toBe(at % 3 === 1 ? 'rejected' : 'fulfilled');
        expect(table.get(key(at))).toBe(at % 3 === 1 ? undefined : at);
      }
      expect(table.get(key('count'))).toBe(40);
    }));

  it('that throws leaves nothing behind on the disk either', async () => {
    await withTable(async (database, table) => {
      const refused = database.transaction((writer) => {
        writer.put(table, key('refused'), 1);
        raise('on purpose');
      });
      const kept = database.transaction((writer) => writer.put(table, key('kept'), 2));
      await Promise.allSettled([refused, kept]);
    });
    await withTable(async (_, table) => {
      await Promise.resolve();
      expect([table.get(key('refused')), table.get(key('kept'))]).toEqual([undefined, 2]);
    });
  });

  it('loses no count, however many run at once', () =>
    withTable(async (database, table) => {
      const add = () =>
        database.transaction((writer) => writer.put(table, key('sum'), (table.get(key('sum')) ?? 0) + 1));
      await Promise.all(Array.from({ length: 2000 }, add));
      expect(table.get(key('sum'))).toBe(2000);
    }));
});

describe('a database', () => {
  it('has its values after it was closed and opened again', async () => {
    const value = { text: 'ü\n', bytes: Uint8Array.of(0, 255), list: [1, undefined, -1], big: 2 ** 53 };
    const first = await Database.open(temporary('db'));
    await first.transaction((writer) => writer.put(first.table('values'), key(7, 'name'), value));
    await first.close();
    const second = await Database.open(temporary('db'));
    const found = second.table<typeof value>('values').get(key(7, 'name'));
    await second.close();
    expect(found).toEqual({ ...value, bytes: Buffer.from(value.bytes) });
  });

  it('keeps its tables apart', () =>
    withTable(async (database, table) => {
      const other = database.table<number>('others');
      await database.transaction((writer) => {
        writer.put(table, key('same'), 1);
        writer.put(other, key('same'), 2);
      });
      expect([table.get(key('same')), other.get(key('same'))]).toEqual([1, 2]);
    }));

  it('belongs to its user alone', async () => {
    await (await Database.open(temporary('db'))).close();
    const modeOf = (name: string) => (statSync(temporary('db', name)).mode & 0o777).toString(8);
    expect(['', 'data.mdb', 'lock.mdb'].map(modeOf)).toEqual(['700', '600', '600']);
  });

  it('of a later format is refused, and left as it is', async () => {
    await withTable((database, table) =>
      database.transaction((writer) => writer.put(table, key('value'), 1)),
    );
    await setFormat(2);
    const reopen = () => Database.open(temporary('db'));
    await expect(reopen()).rejects.toThrow(ConfigurationError);
    await expect(reopen()).rejects.toThrow('written by a later version of coda-toolkit');
    await setFormat(1);
    await withTable(async (_, table) => {
      await Promise.resolve();
      expect(table.get(key('value'))).toBe(1);
    });
  });
});

describe('entries of a table', () => {
  const content = (database: Database, table: ReturnType<typeof numbers>) =>
    database.transaction((writer) => {
      for (const [at, name] of ['a', 'b', 'b\0', 'ba', '\udcff'].entries())
        writer.put(table, key(2, name), at);
      writer.put(table, key(1, 'z'), -1);
      writer.put(table, key(3, ''), -3);
    });
  const names = (entries: Iterable<{ readonly key: Uint8Array }>) =>
    [...entries].map((entry) => Buffer.from(entry.key.subarray(4)).toString('latin1'));

  it('come in the order of their bytes, and only those with the prefix', () =>
    withTable(async (database, table) => {
      await content(database, table);
      expect(names(table.entries(key(2)))).toEqual(['a', 'b', 'b\0', 'ba', '\xff']);
      expect([...table.entries(key(3))].map(({ value }) => value)).toEqual([-3]);
      expect([...table.entries(key(4))]).toEqual([]);
    }));

  it('begin after a key, whether or not there is an entry by it', () =>
    withTable(async (database, table) => {
      await content(database, table);
      expect(names(table.entries(key(2), key(2, 'b')))).toEqual(['b\0', 'ba', '\xff']);
      expect(names(table.entries(key(2), key(2, 'az')))).toEqual(['b', 'b\0', 'ba', '\xff']);
      expect(names(table.entries(key(2), key(2, '\udcff')))).toEqual([]);
    }));
});

/** Writes what another version of the toolkit would have written. */
async function setFormat(version: number): Promise<void> {
  const root = open<number, string>({ path: temporary('db') });
  await root.openDB<number, string>({ name: 'format' }).put('version', version);
  await root.close();
}
