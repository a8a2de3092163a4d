/** Where what is watched comes from: the embedded venus tells of all its volumes, a mounted Coda of those it is asked for. */
import {
  type VolumeReport as MountedReport,
  ConnectionState,
  getVolumeStatus,
} from '../../../ipc/calls/getVolumeStatus.ts';
import { call } from '../../../ipc/call.ts';
import { realmOfPath } from '../../../ipc/codaPath.ts';
import type { WantedEvents } from '../../../ipc/venus.ts';
import { type VolumeReport, volumeReportsSchema } from '../../../ipc/volumeInsight.ts';
import type { Context } from '../../context.ts';
import type { Volume } from './volumes.ts';

export interface Source {
  readonly volumes: () => Promise<readonly Volume[]>;
  /** Whether there are no other volumes than those reported. */
  readonly tellsAll: boolean;
  /** What to ask for at first: some of the past, where it is kept. */
  readonly first: WantedEvents;
  /** What to ask for later, from some time on. */
  readonly later: (since: number) => WantedEvents;
}

/** Happenings of the past that are shown at first. */
const PAST = 50;

export function sourceOf(context: Context, paths: readonly string[]): Source {
  if (context.address().kind === 'mount')
    return {
      volumes: () => mountedVolumes(context, paths),
      tellsAll: false,
      first: {},
      later: () => ({}),
    };
  return {
    volumes: () => embeddedVolumes(context),
    tellsAll: true,
    first: { last: PAST },
    later: (since) => ({ since }),
  };
}

async function embeddedVolumes(context: Context): Promise<readonly Volume[]> {
  const http = await context.http('coda watch');
  const { volumes } = await http.json({ method: 'GET', route: '/volumes' }, volumeReportsSchema);
  return volumes.map(ofEmbedded);
}

function ofEmbedded({
  name,
  realm,
  mount,
  connection,
  entries,
  bytes,
  age,
  conflict,
  obstacle,
}: VolumeReport): Volume {
  return {
    name,
    realm,
    ...(mount === undefined ? {} : { mount }),
    connection,
    entries,
    bytes,
    age,
    conflict,
    unauth: obstacle === 'no token',
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}

/**
 * What GETVOLSTAT tells of the volumes at some paths, without asking servers. It does not say whether the owner of a log
 * has tokens; the events do.
 */
async function mountedVolumes(context: Context, paths: readonly string[]): Promise<readonly Volume[]> {
  const venus = await context.venus();
  return Promise.all(
    paths.map(async (typed) => {
      const { path } = await context.target(typed);
      return ofMounted(await call(venus, getVolumeStatus, path, true), path);
    }),
  );
}

const connections: ReadonlyMap<number, Volume['connection']> = new Map([
  [ConnectionState.Reachable, 'reachable'],
  [ConnectionState.Unreachable, 'unreachable'],
  [ConnectionState.Resolving, 'resolving'],
]);

function ofMounted(report: MountedReport, path: string): Volume {
  return {
    name: report.name,
    realm: realmOfPath(path) ?? '',
    mount: `/coda${path}`,
    connection: connections.get(report.connection) ?? 'unknown',
    entries: report.logEntries,
    bytes: Number(report.logBytes),
    age: report.reintegrationAge,
    conflict: report.conflict,
    unauth: false,
  };
}
