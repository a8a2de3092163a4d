/** Copies of what a repair takes from the servers, made before anything is sent. */
import { isRemove } from '../../ipc/fixFile/fixFile.ts';
import type { FixFile } from '../../ipc/fixFile/fixFile.ts';
import type { ServerSession } from '../backend.ts';
import { fidKey, isAnswering } from './replica.ts';

/** Called before something that a server has goes. @param below the expanded object: a server, or a name at one */
export type Save = (below: string) => Promise<void>;

/** Saves what a fix file removes, a directory with all below it; one version that several servers have, once. */
export async function saveRemoved(session: ServerSession, { sections }: FixFile, save: Save): Promise<void> {
  const replicas = await session.replicas();
  const saved = new Set<string>();
  for (const { volume, steps } of sections) {
    const replica = replicas.find((each) => each.volume === volume);
    for (const { operation } of steps) {
      if (!replica || !isRemove(operation)) continue;
      const status = await session.status(replica, operation.name);
      // What is mounted there is not removed with the link.
      if (!status || status.type === 'mount point') continue;
      const { versions, storeId } = status.versionVector;
      const version = [fidKey(status.fid), storeId.host, storeId.unique, ...versions].join(' ');
      if (status.type !== 'directory' && saved.has(version)) continue;
      saved.add(version);
      await save(`${replica.server}/${operation.name}`);
    }
  }
}

/** Saves what the servers have of a file that another version, or nothing, takes the place of. */
export async function saveVersions(session: ServerSession, save: Save): Promise<void> {
  for (const { server } of (await session.replicas()).filter(isAnswering)) await save(server);
}
