import { hoardWalk } from '../../ipc/calls/hoardWalk.ts';
import { handler } from './handler.ts';

/** As in C venus, it is answered when the walk is over, whatever that brought; events tell of it. */
export const hoardWalkHandler = handler(hoardWalk, async ({ session }) => {
  await session.client.hoard.walk({ gone: session.patience.gone });
});
