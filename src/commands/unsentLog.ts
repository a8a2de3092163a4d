import { call } from '../ipc/call.ts';
import { ConnectionState, getVolumeStatus } from '../ipc/calls/getVolumeStatus.ts';
import { CodaError } from '../ipc/errors.ts';
import { toQueryName } from '../ipc/socket/routes.ts';
import { logReportsSchema } from '../ipc/insight.ts';
import type { Context } from './context.ts';
import type { UnsentLog } from './explain.ts';

/**
 * The modify log of the volume at a path, if anything waits in it. Asks no server, and is for explaining a failure: what
 * fails here tells nothing, and is not told.
 */
export async function unsentLogAt(context: Context, typed: string): Promise<UnsentLog | undefined> {
  try {
    const { path } = await context.target(typed);
    const report = await call(await context.venus(), getVolumeStatus, path, true);
    if (report.logEntries === 0) return undefined;
    const { name, logEntries: entries, connection } = report;
    const owner = await ownerAt(context, path);
    return { name, entries, ...owner, reachable: connection !== ConnectionState.Unreachable };
  } catch (error) {
    if (error instanceof CodaError) return undefined;
    throw error;
  }
}

/** Whose log it is; a real venus does not say. */
async function ownerAt(context: Context, path: string): Promise<Pick<UnsentLog, 'owner' | 'isOwn'>> {
  const unknown = { owner: undefined, isOwn: false };
  if (!context.isEmbedded()) return unknown;
  const http = await context.http('the owner of a log');
  const request = { method: 'GET', route: `/logs?path=${toQueryName(path)}` } as const;
  const [log] = (await http.json(request, logReportsSchema)).logs;
  if (!log) return unknown;
  const uid = context.otherUid() ?? context.surroundings.uid;
  return { owner: `uid ${log.owner} (${log.ownerName})`, isOwn: log.owner === uid };
}
