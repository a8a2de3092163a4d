import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../hoard/priority.ts';
import { hoardAdd } from '../../ipc/calls/hoardAdd.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

/** What an entry leaves out has no place in this request: those of an entry that is replaced are not kept. */
export const hoardAddHandler = handler(hoardAdd, async ({ session }, _path, entry) => {
  if (entry.priority < LOWEST_PRIORITY || entry.priority > HIGHEST_PRIORITY)
    fail('EINVAL', `A hoard priority is ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}.`);
  await session.client.hoard.entries.add(session.uid, [{ ...entry, exclude: [] }]);
});
