import { call } from '../../ipc/call.ts';
import { ConnectionState, getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { type LogReport, logReportsSchema } from '../../ipc/insight.ts';
import { toQueryName } from '../../ipc/socket/routes.ts';
import type { Context } from '../context.ts';
import type { LogFacts } from './diagnosis.ts';

/** The logs that wait, of the volume at a path or of all. A mounted Coda is asked about the volume alone. */
export async function logFacts(context: Context, typed: string | undefined): Promise<readonly LogFacts[]> {
  if (context.address().kind === 'mount') return ofMount(context, typed ?? '.');
  return (await logReports(context, typed)).map(toFacts);
}

/** What the embedded venus tells of its logs. @throws UnsupportedError at a mounted Coda */
export async function logReports(context: Context, typed: string | undefined): Promise<readonly LogReport[]> {
  const http = await context.http('coda pending');
  const query = typed === undefined ? '' : `?path=${toQueryName((await context.target(typed)).path)}`;
  return (await http.json({ method: 'GET', route: `/logs${query}` }, logReportsSchema)).logs;
}

function toFacts({ conflict, ...report }: LogReport): LogFacts {
  return {
    ...report,
    reachable: report.servers.every(({ reachable }) => reachable),
    ...(conflict === undefined ? {} : { conflict: { errno: conflict.errno, why: conflict.why } }),
  };
}

async function ofMount(context: Context, typed: string): Promise<readonly LogFacts[]> {
  const { path } = await context.target(typed);
  const report = await call(await context.pioctls(), getVolumeStatus, path, undefined);
  if (report.logEntries === 0) return [];
  return [
    {
      name: report.name,
      mount: typed,
      entries: report.logEntries,
      bytes: Number(report.logBytes),
      age: report.reintegrationAge,
      reachable: report.connection !== ConnectionState.Unreachable,
      ...(report.conflict ? { conflict: {} } : {}),
    },
  ];
}
