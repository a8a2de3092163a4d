import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FidPool } from '../../../src/venus/client/fidPool.ts';
import { ROOT, useRealm } from '../support.ts';
import type { FileProtocol } from '../../../src/venus/net/fileProtocol.ts';
import { Link } from '../../../src/venus/net/link.ts';
import { Database } from '../../../src/venus/store/database.ts';

const realm = useRealm();

it('sets fids aside once for all who begin at the same time', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'coda-fids-'));
  const database = await Database.open(directory);
  const { server } = realm();
  try {
    const pool = new FidPool(database, () => Promise.resolve(new Link<FileProtocol>(server)), 10);
    const { file: before } = await server.reserveFids({ volume: ROOT, count: 1 });
    await Promise.all(Array.from({ length: 50 }, () => pool.provide(ROOT)));
    const fid = await database.transaction((writer) => pool.next(writer, ROOT, 'file'));
    expect(fid.vnode).toBe(before + 2);
    const { file: after } = await server.reserveFids({ volume: ROOT, count: 1 });
    expect(after).toBe(before + 2 + 2 * 10);
  } finally {
    await database.close();
    rmSync(directory, { recursive: true });
  }
});
