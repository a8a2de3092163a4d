import { reconnect } from '../../ipc/calls/reconnect.ts';
import { handler } from './handler.ts';

export const reconnectHandler = handler(reconnect, ({ session }) => session.client.isolate(false));
