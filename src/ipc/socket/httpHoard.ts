import type { GenericSchema } from 'valibot';
import { ProtocolError } from '../errors.ts';
import {
  type Amount,
  type CacheExplanation,
  type CacheFacts,
  type HoardEntry,
  type HoardPlan,
  type HoardSummary,
  type HoardWalk,
  type HoardedObject,
  type NewEntry,
  type WalkProgress,
  addedEntriesSchema,
  cacheExplanationSchema,
  cacheFactsSchema,
  hoardEntryLineSchema,
  hoardPlanLineSchema,
  hoardRoutes,
  hoardStateLineSchema,
  hoardWalkLineSchema,
} from '../hoard.ts';
import type { HoardInsight, WantedState } from '../hoardInsight.ts';
import { encodeText } from '../text.ts';
import type { HttpRequest, HttpSession } from './httpSession.ts';
import { encodeJsonLine, toQueryName } from './routes.ts';

/** Entries sent at a time. */
const BATCH = 512;
/** Work that may be long and is not cut short: a walk, looking up what a plan names. */
const FOR_EVER = 0;

/** What the embedded venus tells of hoarding. */
export class HttpHoard implements HoardInsight {
  readonly #http: HttpSession;

  constructor(http: HttpSession) {
    this.#http = http;
  }

  async *entries(uid?: number): AsyncGenerator<HoardEntry> {
    const route = withQuery(hoardRoutes.entries, uid === undefined ? [] : [`uid=${uid}`]);
    for await (const line of this.#lines({ method: 'GET', route }, hoardEntryLineSchema)) {
      if ('end' in line) return;
      yield line;
    }
    cutShort(route);
  }

  async add(entries: Iterable<NewEntry>): Promise<number> {
    const request = { method: 'POST', route: hoardRoutes.entries, bytes: encodeEntries(entries) } as const;
    return (await this.#http.json(request, addedEntriesSchema)).entries;
  }

  async *state({ uid, problems }: WantedState): AsyncGenerator<HoardedObject, HoardSummary> {
    const query = [...(uid === undefined ? [] : [`uid=${uid}`]), ...(problems ? ['problems=true'] : [])];
    const route = withQuery(hoardRoutes.state, query);
    for await (const line of this.#lines({ method: 'GET', route }, hoardStateLineSchema)) {
      if ('end' in line) return line.summary;
      yield line;
    }
    return cutShort(route);
  }

  async plan(
    entries: Iterable<NewEntry>,
    { replace, progress }: { readonly replace: boolean; readonly progress: (looked: Amount) => void },
  ): Promise<HoardPlan> {
    const route = withQuery(hoardRoutes.plan, replace ? ['replace=true'] : []);
    const request = { method: 'POST', route, bytes: encodeEntries(entries), patience: FOR_EVER } as const;
    for await (const line of this.#lines(request, hoardPlanLineSchema)) {
      if ('plan' in line) return line.plan;
      progress(line.looked);
    }
    return cutShort(route);
  }

  explain(path: string): Promise<CacheExplanation> {
    const route = `${hoardRoutes.explain}?path=${toQueryName(path)}`;
    return this.#http.json({ method: 'GET', route }, cacheExplanationSchema);
  }

  async walk(progress: (progress: WalkProgress) => void): Promise<HoardWalk> {
    const request = { method: 'POST', route: hoardRoutes.walk, patience: FOR_EVER } as const;
    for await (const line of this.#lines(request, hoardWalkLineSchema)) {
      if ('walk' in line) return line.walk;
      progress(line.progress);
    }
    return cutShort(hoardRoutes.walk);
  }

  facts(): Promise<CacheFacts> {
    return this.#http.json({ method: 'GET', route: hoardRoutes.facts }, cacheFactsSchema);
  }

  #lines<T>(request: HttpRequest, schema: GenericSchema<unknown, T>): AsyncGenerator<T> {
    return this.#http.lines(request, schema, FOR_EVER);
  }
}

function withQuery(route: string, query: readonly string[]): string {
  return query.length === 0 ? route : `${route}?${query.join('&')}`;
}

async function* encodeEntries(entries: Iterable<NewEntry>): AsyncGenerator<Uint8Array> {
  let batch: string[] = [];
  for (const entry of entries) {
    if (batch.push(encodeJsonLine(entry)) < BATCH) continue;
    yield encodeText(batch.join(''));
    batch = [];
    // Between two batches others have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield encodeText(batch.join(''));
}

function cutShort(route: string): never {
  throw new ProtocolError(`${route}: the answer of venus is cut short`);
}
