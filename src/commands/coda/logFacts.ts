import { call } from '../../ipc/call.ts';
import { ConnectionState, getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { type ClientReport, type LogReport, logReportsSchema } from '../../ipc/insight.ts';
import { toQueryName } from '../../ipc/socket/routes.ts';
import type { Context } from '../context.ts';
import type { LogFacts } from './diagnosis.ts';

/** What is known of the logs that wait, and of the client that keeps them. */
export interface Facts {
  readonly logs: readonly LogFacts[];
  /** None of a mounted Coda, which does not tell. */
  readonly client: ClientReport | undefined;
}

/** Of the volume at a path or of all. A mounted Coda is asked about the volume alone. */
export async function factsAt(context: Context, typed: string | undefined): Promise<Facts> {
  if (!context.isEmbedded()) return { logs: await ofMount(context, typed ?? '.'), client: undefined };
  const { logs, client } = await reports(context, typed);
  return { logs: logs.map(toFacts), client };
}

/** What the embedded venus tells of its logs. @throws UnsupportedError at a mounted Coda */
export async function logReports(context: Context, typed: string | undefined): Promise<readonly LogReport[]> {
  return (await reports(context, typed)).logs;
}

async function reports(context: Context, typed: string | undefined) {
  const http = await context.http('coda pending');
  const query = typed === undefined ? '' : `?path=${toQueryName((await context.target(typed)).path)}`;
  return http.json({ method: 'GET', route: `/logs${query}` }, logReportsSchema);
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
