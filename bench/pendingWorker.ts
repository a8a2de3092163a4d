/** Puts many records into the modify log of a client that does not run: DIRECTORY COUNT. What they are about is not there. */
import { Database } from '../src/venus/store/database.ts';
import { ModifyLogs } from '../src/venus/client/log/modifyLog.ts';

const [directory = '', count = '0'] = process.argv.slice(2);
const [VOLUME, SOMEBODY, PER_TRANSACTION] = [0x7f000000, 4711, 5000];
const parent = { volume: VOLUME, vnode: 1001, unique: 1001 };

async function fill(): Promise<void> {
  const database = await Database.open(directory);
  const logs = new ModifyLogs(database);
  for (let from = 0; from < Number(count); from += PER_TRANSACTION) {
    await database.transaction((writer) => {
      for (let at = from; at < Math.min(from + PER_TRANSACTION, Number(count)); at++) {
        const fid = { volume: VOLUME, vnode: 2000 + 2 * at, unique: 2000 + at };
        const name = `file-${at}`;
        logs.append(writer, VOLUME, {
          storeId: { host: 1, unique: at + 1 },
          time: Date.now() - 60_000,
          uid: process.getuid?.() ?? 0,
          // He has no token, so that the log waits.
          viceId: SOMEBODY,
          mutation: { op: 'create', parent, name, fid, mode: 0o644 },
          path: `some/directory-${Math.floor(at / 1000)}/${name}`,
        });
      }
    });
  }
  await database.close();
}

void fill();
