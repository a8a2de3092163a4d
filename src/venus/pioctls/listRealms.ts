import { listRealms } from '../../ipc/calls/listRealms.ts';
import { handler } from './handler.ts';

export const listRealmsHandler = handler(listRealms, async ({ session }) => Promise.resolve([session.realm]));
