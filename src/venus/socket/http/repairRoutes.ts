import * as v from 'valibot';
import {
  type ConflictReport,
  type LocalMutation,
  type RepairDocument,
  type ServerConflict,
  type Verdict,
  type Version,
  preserveHowSchema,
} from '../../../ipc/repairs.ts';
import { toJsonName } from '../../../ipc/socket/routes.ts';
import { fail } from '../../fail.ts';
import { walk } from '../../client/pathWalk.ts';
import type { ExpandedPlace, ObjectPlace } from '../../client/place.ts';
import type { UserSession } from '../../client/userSession.ts';
import { volumeAt } from '../../client/volumeAt.ts';
import { conflictsOf } from '../../client/repair/conflictReports.ts';
import { isInConflictAmongServers } from '../../client/replicas/amongServers.ts';
import { replicatedVolumes, serverConflictsOf } from '../../client/replicas/serverConflicts.ts';
import type { Decided, Ended } from '../../client/repair/outcomes.ts';
import type { Repair } from '../../client/repair/repair.ts';
import { type Exchange, type Route, write } from './exchange.ts';

const preserveSchema = v.object({ how: v.exactOptional(preserveHowSchema) });

/** Conflicts, and the repair sessions that venus keeps: `/v1/conflicts`, `/v1/repairs…`. */
export const repairRoutes: Readonly<Record<string, Route>> = {
  'GET /conflicts': async (exchange) => {
    const { session, response } = exchange;
    const volume = await volumeAsked(exchange);
    const tell = (conflict: ConflictReport) => write(response, `${JSON.stringify(conflictJson(conflict))}\n`);
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    for (const each of volume === undefined ? session.client.tree.logs.volumes() : [volume])
      for await (const conflict of conflictsOf(session, each)) await tell(conflict);
    const silent = new Set<string>();
    for (const each of volume === undefined ? await replicatedVolumes(session) : [volume]) {
      const found = await serverConflictsOf(session, each);
      for (const conflict of found.conflicts) await tell(conflict);
      for (const server of found.silent) silent.add(server);
    }
    response.end(`${JSON.stringify({ end: true, silent: [...silent].sort() })}\n`);
  },

  'POST /repairs': async (exchange) => {
    const { session } = exchange;
    if (session.client.realConflicts)
      fail('EOPNOTSUPP', 'It shows conflicts as a real Coda, without sessions.');
    const place = await walk(session, exchange.name('path'), false);
    if (place.kind === 'root') fail('EINVAL', 'The Coda root is never in conflict.');
    if (await isAmongServers(session, place))
      fail('EOPNOTSUPP', 'Its servers have different versions of it; venus keeps no session of that.');
    const fid = place.kind === 'expanded' ? place.expanded.fid : place.status.fid;
    const { repair, isResumed } = await session.client.repairs.begin(fid, session.uid);
    try {
      const { log } = await session.checkpoint(fid.volume);
      exchange.reply(documentJson({ ...(await repair.document(isResumed)), listing: log }));
    } catch (error) {
      // Whoever asked for it does not know that it was begun.
      if (!isResumed) await repair.abort();
      throw error;
    }
  },

  'GET /repairs/document': async (exchange) => {
    exchange.reply(documentJson(await repairOf(exchange).document(true)));
  },

  'GET /repairs/check': async (exchange) => {
    const found = await repairOf(exchange).check();
    exchange.reply(
      found ? { mutation: mutationJson(found.mutation), verdict: verdictJson(found.verdict) } : {},
    );
  },

  'POST /repairs/preserve': async (exchange) => {
    const { how } = await exchange.json(preserveSchema);
    exchange.reply(decidedJson(await repairOf(exchange).preserve(how)));
  },

  'POST /repairs/discard': async (exchange) => {
    exchange.reply(decidedJson(await repairOf(exchange).discard()));
  },

  'POST /repairs/skip': async (exchange) => {
    exchange.reply(decidedJson(await repairOf(exchange).skip()));
  },

  'POST /repairs/undo': async (exchange) => {
    const mutation = await repairOf(exchange).undo();
    exchange.reply(mutation ? { mutation: mutationJson(mutation) } : {});
  },

  'POST /repairs/commit': async (exchange) => {
    const ended = await repairOf(exchange).commit();
    exchange.reply(endedJson(ended));
  },

  'POST /repairs/abort': async (exchange) => {
    await repairOf(exchange).abort();
    exchange.reply({});
  },
};

/**
 * Whether an object is in conflict among its servers. What waits in the log for it comes later: nothing can be told about
 * it before they agree.
 */
function isAmongServers(session: UserSession, place: ExpandedPlace | ObjectPlace): Promise<boolean> {
  if (place.kind === 'expanded') return Promise.resolve(place.expanded.kind === 'server/server');
  return isInConflictAmongServers(session, place.status);
}

/** @throws VenusError ENOENT if it has ended, EACCES for another user's */
function repairOf(exchange: Exchange): Repair {
  const { session } = exchange;
  const repair =
    session.client.repairs.withId(exchange.number('id')) ?? fail('ENOENT', 'The repair session has ended.');
  if (repair.uid !== session.uid) fail('EACCES', `It is a session of uid ${repair.uid}.`);
  return repair;
}

/** @returns undefined for all */
async function volumeAsked(exchange: Exchange): Promise<number | undefined> {
  const path = exchange.optionalName('path');
  return path === undefined ? undefined : volumeAt(exchange.session, path);
}

function documentJson({ path, mutations, listing, ...rest }: RepairDocument): object {
  return {
    ...rest,
    path: toJsonName(path),
    mutations: mutations.map(({ mutation, ...each }) => ({ ...each, mutation: mutationJson(mutation) })),
    ...(listing === undefined ? {} : { listing: toJsonName(listing) }),
  };
}

function conflictJson(conflict: ConflictReport): object {
  if (conflict.kind === 'server/server') return serverConflictJson(conflict);
  const { path, mutation, verdict, owner, versions, ...rest } = conflict;
  return {
    ...rest,
    path: toJsonName(path),
    mutation: mutationJson(mutation),
    verdict: verdictJson(verdict),
    owner: toJsonName(owner),
    versions: versions.map(versionJson),
  };
}

function serverConflictJson({ path, causes, versions, names, divergences, ...rest }: ServerConflict): object {
  return {
    ...rest,
    path: toJsonName(path),
    causes: causes.map(({ kind, name }) => ({
      kind,
      ...(name === undefined ? {} : { name: toJsonName(name) }),
    })),
    versions: versions.map(versionJson),
    names: names.map((each) => ({ name: toJsonName(each.name), versions: each.versions.map(versionJson) })),
    divergences: divergences.map(({ user, path: done, to, ...each }) => ({
      ...each,
      user: toJsonName(user),
      path: toJsonName(done),
      ...(to === undefined ? {} : { to: toJsonName(to) }),
    })),
  };
}

function decidedJson(decided: Decided): object {
  switch (decided.kind) {
    case 'nothing left':
      return decided;
    case 'done':
      return { kind: 'done', mutation: mutationJson(decided.mutation), decision: decided.decision };
    case 'refused':
      return {
        kind: 'refused',
        mutation: mutationJson(decided.mutation),
        verdict: verdictJson(decided.verdict),
      };
  }
}

function endedJson(ended: Ended): object {
  if (ended.kind === 'done') return ended;
  const { verdict, mutation } = ended;
  const about = mutation ? { mutation: mutationJson(mutation) } : {};
  return { kind: 'overtaken', verdict: verdictJson(verdict), ...about };
}

function mutationJson(mutation: LocalMutation): object {
  const names = { path: toJsonName(mutation.path) };
  if (mutation.op === 'symlink') return { ...mutation, ...names, target: toJsonName(mutation.target) };
  if (mutation.op === 'link' || mutation.op === 'rename')
    return { ...mutation, ...names, to: toJsonName(mutation.to) };
  return { ...mutation, ...names };
}

function verdictJson(verdict: Verdict): object {
  return verdict.kind === 'conflict' ? { ...verdict, target: toJsonName(verdict.target) } : verdict;
}

function versionJson({ ownerName, target, ...rest }: Version): object {
  return {
    ...rest,
    ownerName: toJsonName(ownerName),
    ...(target === undefined ? {} : { target: toJsonName(target) }),
  };
}
