import { VenusError } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { LocalMutation, Verdict } from '../../../ipc/repairs.ts';
import { type Mutation, directoriesOf, isMaking } from '../../net/mutation.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { apply, certify } from '../../tree/apply.ts';
import type { UserSession } from '../userSession.ts';
import { NO_CONFLICT, verdictOf } from './localMutation.ts';

/** Ends the transaction in which a mutation was tried. */
class Tried extends Error {}

/**
 * What would become of a mutation in a workspace. Nothing is changed.
 * @param mutation with the fids of the workspace
 * @param base the last update of its object that the client knew when it made it
 */
export async function examine(
  session: UserSession,
  mutation: Mutation,
  base: StoreId | undefined,
  told: LocalMutation,
): Promise<Verdict> {
  try {
    for (const directory of directoriesOf(mutation)) await session.complete(directory);
    if (!isMaking(mutation)) await provide(session, mutation.fid);
    await tryIt(session, mutation, base);
    return NO_CONFLICT;
  } catch (error) {
    if (error instanceof VenusError) return verdictOf(told, error);
    throw error;
  }
}

async function provide(session: UserSession, fid: Fid): Promise<void> {
  const { cache } = session.client.tree;
  const vnode = await cache.object(session.asker(), fid);
  await cache.ruler(session.asker(), vnode);
  if (vnode.type === 'directory') await session.complete(fid);
}

async function tryIt(session: UserSession, mutation: Mutation, base: StoreId | undefined): Promise<void> {
  const { vnodes } = session.client.tree.cache;
  // What the workspace itself has changed is no news.
  const isOwn = session.client.tree.logs.isDirty(mutation.fid);
  const present = vnodes.find(mutation.fid)?.versionVector.storeId;
  const storeId = present && isOwn ? present : { host: 0, unique: 0 };
  const contents = mutation.op === 'store' ? { length: mutation.length, container: undefined } : undefined;
  try {
    await vnodes.database.transaction((writer): never => {
      const identity = session.identity();
      certify({ vnodes, identity, storeId }, mutation, base);
      const change = { vnodes, writer, identity, storeId, now: session.client.now() };
      apply(change, mutation, contents);
      throw new Tried();
    });
  } catch (error) {
    if (!(error instanceof Tried)) throw error;
  }
}
