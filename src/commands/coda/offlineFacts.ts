import { ROOT, call } from '../../ipc/call.ts';
import { getToken } from '../../ipc/calls/getToken.ts';
import { CodaError, UnsupportedError, VenusUnavailableError, isErrno } from '../../ipc/errors.ts';
import type { CacheFacts, HoardSummary, HoardedObject } from '../../ipc/hoard.ts';
import type { LogReport } from '../../ipc/insight.ts';
import type { Context } from '../context.ts';
import { hoardInsight } from '../hoard/hoardPlace.ts';
import { conflictsAt } from './conflicts.ts';
import { logReports } from './logFacts.ts';

/** A fact, or why it is not known. */
export type Known<Fact> = { readonly known: Fact } | { readonly unknown: string };

/** The token for a realm. */
export type TokenFact =
  | { readonly realm: string; readonly state: 'none' }
  /** Seconds since 1970. */
  | { readonly realm: string; readonly state: 'valid' | 'expired'; readonly ends: number };

export interface HoardedFacts {
  readonly summary: HoardSummary;
  /** What is stale or missing. */
  readonly problems: readonly HoardedObject[];
}

/** What counts for times without servers. */
export interface OfflineFacts {
  readonly hoarded: Known<HoardedFacts>;
  readonly unsent: Known<readonly LogReport[]>;
  readonly tokens: Known<readonly TokenFact[]>;
  /** Their paths, as the user sees them. */
  readonly conflicts: Known<readonly string[]>;
  readonly cache: Known<CacheFacts>;
}

/** Asks for all of it. What cannot be told is unknown; only a venus that does not run is an error. */
export async function offlineFacts(context: Context): Promise<OfflineFacts> {
  return {
    tokens: await asked(() => tokensOf(context)),
    unsent: await asked(() => logReports(context, undefined)),
    conflicts: await asked(() => conflictsOf(context)),
    cache: await asked(async () => (await hoardInsight(context, 'coda offline')).facts()),
    // Last, so that nothing of the others is fetched after it was looked at.
    hoarded: await asked(() => hoardedOf(context)),
  };
}

/** @throws VenusUnavailableError */
async function asked<Fact>(ask: () => Promise<Fact>): Promise<Known<Fact>> {
  try {
    return { known: await ask() };
  } catch (error) {
    if (error instanceof VenusUnavailableError || !(error instanceof CodaError)) throw error;
    return {
      unknown:
        error instanceof UnsupportedError ? 'the venus of a mounted Coda does not tell' : error.message,
    };
  }
}

async function hoardedOf(context: Context): Promise<HoardedFacts> {
  const objects = (await hoardInsight(context, 'coda offline')).state({ problems: true });
  const problems: HoardedObject[] = [];
  for (;;) {
    const next = await objects.next();
    if (next.done) return { summary: next.value, problems };
    if (next.value.state !== 'present') problems.push(next.value);
  }
}

async function tokensOf(context: Context): Promise<readonly TokenFact[]> {
  const found: TokenFact[] = [];
  for (const realm of await context.realms()) found.push(await tokenFor(context, realm));
  return found;
}

async function tokenFor(context: Context, realm: string): Promise<TokenFact> {
  try {
    const { clear } = await call(await context.venus(), getToken, ROOT, realm);
    const state = clear.ends * 1000 > context.surroundings.now() ? 'valid' : 'expired';
    return { realm, state, ends: clear.ends };
  } catch (error) {
    if (isErrno(error, 'ENOTCONN', 'ENOENT')) return { realm, state: 'none' };
    throw error;
  }
}

async function conflictsOf(context: Context): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of conflictsAt(context, undefined)) paths.push(context.userPath(`/coda${path}`));
  return paths;
}
