import { disconnect } from '../../ipc/calls/disconnect.ts';
import { handler } from './handler.ts';

export const disconnectHandler = handler(disconnect, ({ session }) => session.client.isolate(true));
