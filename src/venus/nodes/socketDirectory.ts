import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { checkPrivate, checkSocketPath, isSocketPath, runtimeDirectory } from '../../ipc/address.ts';
import { nodeSocket } from './nodeSetup.ts';

export interface NodeNames {
  readonly servers: readonly string[];
  readonly clients: readonly string[];
}

/**
 * Where the nodes of a venus listen for each other: `run` in its data directory, or a directory of the same privacy
 * elsewhere where that is too long for sockets. It is made.
 * @throws ConfigurationError if there is no place for it
 */
export function socketDirectory(
  dataDirectory: string,
  uid: number,
  { servers, clients }: NodeNames,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const socketsIn = (directory: string) => [
    ...servers.map((name) => nodeSocket.server(directory, name)),
    ...clients.map((name) => nodeSocket.client(directory, name)),
  ];
  const inData = `${dataDirectory}/run`;
  const directory = socketsIn(inData).every(isSocketPath) ? inData : elsewhere(dataDirectory, uid, env);
  for (const path of socketsIn(directory)) checkSocketPath(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  checkPrivate(directory, uid);
  return directory;
}

/** Named after the inode of the data directory: no other venus has the same one. */
function elsewhere(dataDirectory: string, uid: number, env: NodeJS.ProcessEnv): string {
  const { dev, ino } = statSync(dataDirectory);
  const runtime = runtimeDirectory({ env, uid });
  if (lstatSync(runtime, { throwIfNoEntry: false }) === undefined)
    mkdirSync(runtime, { recursive: true, mode: 0o700 });
  return `${runtime}/${dev.toString(36)}-${ino.toString(36)}`;
}
