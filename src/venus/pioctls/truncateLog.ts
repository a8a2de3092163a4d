import { truncateLog } from '../../ipc/calls/truncateLog.ts';
import { handler } from './handler.ts';

/**
 * Real venus moves what RVM's log holds into its store. The store here has no log of its own; what is true afterwards is
 * true here, too: all that was acknowledged is in the store, on the disk.
 */
export const truncateLogHandler = handler(truncateLog, ({ session }) => session.client.flush());
