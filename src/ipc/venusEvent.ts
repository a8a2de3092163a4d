/**
 * What happens in venus: one kind of event each, with the facts that are known. The embedded venus tells them as JSON
 * lines, the venus of a mounted Coda as lines of its mariner socket (spec/mariner.md, B.2 and B.3), which carry less: what
 * they do not say is absent.
 */
import * as v from 'valibot';
import { logObstacles } from './logObstacles.ts';
import { hoardWalkSchema, walkProgressSchema } from './hoard.ts';
import { encodeJsonLine, nameSchema } from './socket/routes.ts';

const integer = v.pipe(v.number(), v.integer());
const count = v.pipe(integer, v.minValue(0));

export const volumeStates = ['reachable', 'unreachable', 'resolving', 'unknown', 'deleted'] as const;
/** In the order in which venus writes them. */
export const volumeFlags = ['unauth', 'conflict', 'asr', 'reint', 'transition'] as const;
/** How a reintegration ended: nothing was left, or what keeps the rest here. */
export const reintegrationResults = ['done', ...logObstacles] as const;

const common = {
  /** Milliseconds since 1970: when it happened, or when the line of a mounted venus came. */
  time: v.number(),
  /** The line that a mounted venus wrote. */
  line: v.exactOptional(nameSchema),
};
const event = <Kind extends string, Facts extends v.ObjectEntries>(kind: Kind, facts: Facts) =>
  v.object({ ...common, kind: v.literal(kind), ...facts });

/** Volumes and servers by name, paths from `/coda` as far as they are known, uids local ones, lengths in bytes. */
const kinds = [
  event('volumeState', {
    volume: nameSchema,
    realm: nameSchema,
    state: v.picklist(volumeStates),
    /** In its modify log. */
    entries: count,
    flags: v.array(v.picklist(volumeFlags)),
  }),
  /** `total` entries wait; on a mounted Coda each batch of `batch` entries is a reintegration of its own. */
  event('reintegrationBegins', {
    volume: nameSchema,
    uid: v.exactOptional(count),
    total: count,
    batch: v.exactOptional(count),
  }),
  event('reintegrationProgress', { volume: nameSchema, done: count, total: count }),
  event('reintegrationEnds', {
    volume: nameSchema,
    done: v.exactOptional(count),
    total: count,
    bytes: v.exactOptional(count),
    result: v.exactOptional(v.picklist(reintegrationResults)),
  }),
  /** `sent` bytes of a file of a modify log are on a server. */
  event('storeProgress', {
    volume: nameSchema,
    path: nameSchema,
    uid: v.exactOptional(count),
    sent: count,
    length: count,
  }),
  event('fetchBegins', {
    path: nameSchema,
    length: v.exactOptional(count),
    /** In units of 1 KiB. */
    blocks: v.exactOptional(count),
  }),
  event('fetchProgress', { path: nameSchema, received: count, length: count }),
  event('fetchEnds', { path: v.exactOptional(nameSchema), failure: v.exactOptional(v.string()) }),
  event('server', { server: nameSchema, state: v.picklist(['up', 'unreachable']) }),
  /** Bytes per second. */
  event('bandwidth', { server: nameSchema, least: count, average: count, most: count }),
  event('conflict', {
    between: v.picklist(['local/global', 'server/server']),
    path: nameSchema,
    fid: v.string(),
    why: v.exactOptional(v.string()),
  }),
  /** The log of a volume cannot be sent: its owner has no token. */
  event('awaitsTokens', { volume: nameSchema, uid: count }),
  /** Somebody cannot change a volume as long as its log is another's. */
  event('writerWaits', { volume: nameSchema, uid: count, owner: count, entries: count }),
  event('checkpoint', { volume: nameSchema, path: nameSchema, entries: count }),
  event('token', { realm: nameSchema, uid: count, change: v.picklist(['set', 'forgotten']) }),
  /** Somebody opened a file for reading, or gave one new contents; both in the cache. */
  event('opened', { path: nameSchema, uid: count, length: count }),
  event('stored', { path: nameSchema, uid: count, length: count }),
  /** A hoard walk. A mounted venus tells no more of its progress than a percentage of the bytes. */
  event('walkBegins', { isPeriodic: v.exactOptional(v.boolean()) }),
  event('walkProgress', { progress: v.exactOptional(walkProgressSchema), percent: v.exactOptional(count) }),
  event('walkEnds', { walk: v.exactOptional(hoardWalkSchema) }),
  /** Something left the cache to make room. Hoarded things are told of one by one. */
  event('evicted', { path: nameSchema, length: count, isHoarded: v.boolean() }),
  /** A mounted venus threw away lines because this reader was too slow. */
  event('dropped', { messages: count }),
  event('venusEnds', { how: v.picklist(['shutdown', 'crash']), pid: v.exactOptional(count) }),
  /** Any other line of a mounted venus, its class before the `::`; `isCut` if its end is missing. */
  event('line', {
    class: v.exactOptional(v.string()),
    text: nameSchema,
    isCut: v.exactOptional(v.boolean()),
  }),
] as const;

export const venusEventSchema = v.variant('kind', kinds);
export type VenusEvent = v.InferOutput<typeof venusEventSchema>;

/** An event as it is reported: the time is added then. */
export type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'time' | 'line'> : never;
export type NewVenusEvent = WithoutTime<VenusEvent>;

const knownKinds: ReadonlySet<unknown> = new Set(kinds.map(({ entries }) => entries.kind.literal));

/** As {@link venusEventSchema}, but undefined for the kinds of a newer venus. */
export const eventSchema = v.lazy((input) =>
  isOfKnownKind(input)
    ? venusEventSchema
    : v.pipe(
        v.object({ time: v.number(), kind: v.string() }),
        v.transform(() => undefined),
      ),
);

function isOfKnownKind(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'kind' in input && knownKinds.has(input.kind);
}

/** One line of JSON, with its end. Names that are not UTF-8 keep their bytes. */
export function encodeEvent(event: VenusEvent): string {
  return encodeJsonLine(event);
}

/** The other way round; undefined for what is none, as the last line of a file that was being written at a crash. */
export function decodeEvent(line: string): VenusEvent | undefined {
  const parsed = v.safeParse(venusEventSchema, parseJson(line));
  return parsed.success ? parsed.output : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
