import { forceReintegrationAll } from '../../ipc/calls/forceReintegrationAll.ts';
import { handler } from './handler.ts';

export const forceReintegrationAllHandler = handler(forceReintegrationAll, async ({ session }) => {
  const { reintegrator, tree } = session.client;
  await Promise.all(tree.logs.volumes().map((volume) => reintegrator.force(volume)));
});
