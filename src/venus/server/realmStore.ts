import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ConfigurationError } from '../../ipc/errors.ts';
import { Database, type Table } from '../store/database.ts';
import { key } from '../store/keys.ts';
import { ProtectionDatabase } from './protection/protectionDatabase.ts';
import { TOKEN_KEY_SIZE } from './protection/secretToken.ts';
import { RealmServers } from './realmServers.ts';
import { VolumeLocations } from './volumeLocations.ts';

/** What a realm has once, whatever the number of its servers. */
export interface RealmStore {
  readonly name: string;
  readonly tokenKey: Uint8Array;
  readonly protection: ProtectionDatabase;
  readonly volumes: VolumeLocations;
  readonly servers: RealmServers;
  close(): Promise<void>;
}

interface Settings {
  readonly name: string;
  /** Shared by the servers of the realm: who has it can make tokens. */
  readonly tokenKey: Uint8Array;
}

export const DEFAULT_REALM = 'coda.local';
const MAX_NAME = 63;
/** Real venus refuses shorter names where it looks for paths (spec/cfs.md, 6.3). */
const MIN_NAME = 4;

/**
 * Opens the realm below a data directory; makes it if there is none yet.
 * @param wanted the name that was asked for, if one was
 * @throws ConfigurationError if it is there under another name, or the name cannot be one
 */
export async function openRealmStore(dataDirectory: string, wanted: string | undefined): Promise<RealmStore> {
  if (wanted !== undefined) checkName(wanted);
  const database = await Database.open(join(dataDirectory, 'realm'));
  const table = database.table<Settings>('settings');
  const present = table.get(key('realm'));
  if (present && wanted !== undefined && wanted !== present.name) {
    await database.close();
    throw new ConfigurationError(`${dataDirectory}: holds the realm ${present.name}, not ${wanted}`, {
      next: 'Leave --realm out, or choose another --data directory.',
    });
  }
  const settings = present ?? (await make(database, table, wanted ?? DEFAULT_REALM));
  const volumes = new VolumeLocations(database);
  return {
    ...settings,
    protection: await ProtectionDatabase.open(database),
    volumes,
    servers: new RealmServers(database, volumes),
    close: () => database.close(),
  };
}

async function make(database: Database, table: Table<Settings>, name: string): Promise<Settings> {
  const settings = { name, tokenKey: randomBytes(TOKEN_KEY_SIZE) };
  await database.transaction((writer) => writer.put(table, key('realm'), settings));
  return settings;
}

function checkName(name: string): void {
  if (name.length >= MIN_NAME && name.length <= MAX_NAME && /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name)) return;
  throw new ConfigurationError(`${JSON.stringify(name)} cannot be the name of a realm`, {
    why: `Names of realms have ${MIN_NAME} to ${MAX_NAME} letters, digits, dots and dashes, as example.org.`,
  });
}
