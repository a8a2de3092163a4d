/**
 * What is known of hoarding and of the cache beyond what pioctls can tell (spec/hoard.md). Each field that may be absent
 * is unknown then: nothing here is guessed. Names are paths from `/coda` where they are called paths, lengths and room
 * are bytes, times milliseconds since 1970, uids local ones.
 */
import * as v from 'valibot';
import { hoardExpansions, isHoardName } from './hoardName.ts';
import { nameSchema } from './socket/routes.ts';

const integer = v.pipe(v.number(), v.integer());
const count = v.pipe(integer, v.minValue(0));
const u32 = v.pipe(count, v.maxValue(0xffffffff));
/** Globs of an entry at most, and their length: each is tried on each member. */
const [MAX_EXCLUDES, MAX_EXCLUDE] = [100, 1023];

/** How much there is of something. */
export const amountSchema = v.object({ objects: count, bytes: count });
export type Amount = v.InferOutput<typeof amountSchema>;

const named = {
  volume: u32,
  realm: v.string(),
  /** As {@link isHoardName} has it. */
  name: v.pipe(nameSchema, v.check(isHoardName, 'no name inside a volume')),
};

/** An entry as it is added, one line of JSON each. It replaces the one of its name. */
export const newEntrySchema = v.object({
  ...named,
  priority: v.pipe(integer, v.minValue(1), v.maxValue(1000)),
  expansion: v.picklist(hoardExpansions),
  /** Globs of members that are left out (src/hoard/exclude.ts). */
  exclude: v.pipe(v.array(v.pipe(nameSchema, v.maxLength(MAX_EXCLUDE))), v.maxLength(MAX_EXCLUDES)),
});
export type NewEntry = v.InferOutput<typeof newEntrySchema>;

/** An entry of the hoard database. `exclude` is unknown on a mounted Coda, which has none. */
export const hoardEntrySchema = v.object({
  ...named,
  priority: integer,
  expansion: v.picklist(hoardExpansions),
  exclude: v.array(nameSchema),
  /** Who added it: walks fetch with his token. */
  uid: u32,
  /** Where it is, if the volume's mount point is known. */
  path: v.exactOptional(nameSchema),
});
export type HoardEntry = v.InferOutput<typeof hoardEntrySchema>;
export const hoardEntryLineSchema = v.union([hoardEntrySchema, v.object({ end: v.literal(true) })]);

/**
 * Of each thing that is to be here:
 * present: it can be read while disconnected, and nothing newer is known of;
 * stale: it can be read while disconnected, but is older than on the servers, or may be;
 * missing: it cannot be read while disconnected, or not wholly.
 */
export const hoardStates = ['present', 'stale', 'missing'] as const;
export type HoardState = (typeof hoardStates)[number];

/** Why something is stale or missing. */
export const hoardReasons = [
  /** No walk has looked it up since it was added, or since its directory changed. */
  'not walked',
  /** A walk knows it, and has not fetched it yet. */
  'not fetched',
  /** The servers have told of a newer version. */
  'changed',
  /** Venus has lost the servers' promise to tell of changes, and has not asked since although they can be reached. */
  'unconfirmed',
  /** The cache is full of what is not to be thrown out for it; CacheFacts.filledBy says of what. */
  'no room',
  /** It is larger than what is ever hoarded: than the cache, or than what is kept as a whole file. */
  'too large',
  /** The rights of the entry's owner do not suffice. */
  'no rights',
  /** No server that has it answers. */
  'unreachable',
  /** There is nothing of that name. */
  'no such name',
  /** Something on the way is no directory. */
  'not a directory',
  /** Links lead round in a circle, or out of Coda. */
  'bad link',
  /** It, or a directory on its way, is in conflict. */
  'conflict',
  /** Reading or writing on this machine failed. */
  'local failure',
] as const;
export type HoardReason = (typeof hoardReasons)[number];

/** Something that an entry names or expands to. Of what is excluded nothing is said. */
export const hoardedObjectSchema = v.object({
  /** Unknown if the volume's mount point is: then `VVVVVVVV@REALM/a/b`, the volume in eight hexadecimal digits. */
  path: nameSchema,
  fid: v.exactOptional(v.string()),
  type: v.exactOptional(v.picklist(['file', 'directory', 'symlink'])),
  length: v.exactOptional(count),
  /** Of the entry with the highest priority of those that bring it, and that entry's name. */
  priority: integer,
  uid: u32,
  entry: v.object(named),
  /** Whether an entry names it, not only expands to it. */
  isEntry: v.boolean(),
  state: v.picklist(hoardStates),
  reason: v.exactOptional(v.picklist(hoardReasons)),
  /** More of the reason, for a person: the name that is not there, who fills the cache. */
  why: v.exactOptional(v.string()),
  /** Since when it has been so. */
  since: v.exactOptional(v.number()),
});
export type HoardedObject = v.InferOutput<typeof hoardedObjectSchema>;

/** What all of it comes to. `present.bytes` is what is here, the others what they would take, as far as that is known. */
export const hoardSummarySchema = v.object({
  entries: count,
  present: amountSchema,
  stale: amountSchema,
  missing: amountSchema,
});
export type HoardSummary = v.InferOutput<typeof hoardSummarySchema>;

/** The objects, each once, and at the end what they come to. With `problems=true` those present are left out of the list. */
export const hoardStateLineSchema = v.union([
  hoardedObjectSchema,
  v.object({ end: v.literal(true), summary: hoardSummarySchema }),
]);

/** Something that is, or would be, thrown out of the cache. */
export const victimSchema = v.object({
  path: nameSchema,
  bytes: count,
  /** Its priority as a whole: hoarding and recency (spec/hoard.md, 10). */
  priority: v.number(),
});
export type Victim = v.InferOutput<typeof victimSchema>;
/** How much, and the first of them in the order in which they go. */
export const victimsSchema = v.object({ ...amountSchema.entries, first: v.array(victimSchema) });
export type Victims = v.InferOutput<typeof victimsSchema>;

/** What it would take to hoard entries, and what that would do to the cache. Nothing is changed to find out. */
export const hoardPlanSchema = v.object({
  /** Descending. Each object counts once, at the highest priority that it has. */
  priorities: v.array(
    v.object({
      priority: integer,
      entries: count,
      ...amountSchema.entries,
      /** What of it is here already. */
      cached: amountSchema,
    }),
  ),
  evicted: victimsSchema,
  /** What would find no room, in descending priority; `priority` is that of the entry. */
  unfit: victimsSchema,
  /** Names that could not be looked up, so that what they would take is not counted. */
  unknown: v.object({
    objects: count,
    first: v.array(v.object({ path: nameSchema, reason: v.picklist(hoardReasons) })),
  }),
  /** What the cache holds at most. */
  capacity: amountSchema,
});
export type HoardPlan = v.InferOutput<typeof hoardPlanSchema>;

/** How far it has come, and at the end the plan. */
export const hoardPlanLineSchema = v.union([
  v.object({ plan: hoardPlanSchema }),
  v.object({ looked: amountSchema }),
]);

/** What keeps an object in the cache whatever its priority. */
export const pins = [
  /** Changes of it are not on the servers yet. */
  'unsent',
  'open',
  /** It was made by venus itself, or by a repair. */
  'local',
  /** The Coda root, the root of a volume, a directory with something in it that is pinned. */
  'structure',
] as const;

/** Why an object is here, and when it would go. */
export const cacheExplanationSchema = v.object({
  path: nameSchema,
  fid: v.string(),
  type: v.picklist(['file', 'directory', 'symlink']),
  length: v.exactOptional(count),
  /** Whether the contents are here: of a directory its entries. */
  isCached: v.boolean(),
  /** mpri: 0 without an entry. `via` is the path of what was expanded to get here, where it is not the entry's own. */
  hoard: v.object({
    priority: integer,
    uid: v.exactOptional(u32),
    entries: v.array(
      v.object({ ...named, path: v.exactOptional(nameSchema), priority: integer, isExpanded: v.boolean() }),
    ),
  }),
  /** spri: 0 if it was never used; `spread` counts references to other objects since it was. */
  recency: v.object({ priority: count, rank: v.exactOptional(count), spread: v.exactOptional(count) }),
  weights: v.object({ hoard: count, recency: count }),
  /** weights.hoard * hoard.priority + weights.recency * recency.priority */
  total: v.number(),
  pinned: v.array(v.picklist(pins)),
  /** What would be thrown out before it; absent for what is not here or is pinned. */
  before: v.exactOptional(victimsSchema),
});
export type CacheExplanation = v.InferOutput<typeof cacheExplanationSchema>;

/** How a walk ended. */
export const walkResults = [
  'done',
  /** The cache is full. */
  'no room',
  /** Servers could not be reached. */
  'unreachable',
  /** Venus ended or was disconnected. */
  'interrupted',
] as const;
/** Looking up what belongs to it, and whether it is still the newest; fetching contents. */
export const walkPhases = ['status', 'data'] as const;

export const hoardWalkSchema = v.object({
  isPeriodic: v.boolean(),
  began: v.number(),
  ended: v.number(),
  result: v.picklist(walkResults),
  /** What came from the servers. */
  fetched: amountSchema,
  /** What should have come and did not; `coda offline` and `hoard verify` name it. */
  unfetched: amountSchema,
});
export type HoardWalk = v.InferOutput<typeof hoardWalkSchema>;

/** What is left of a walk in its phase, as far as it is known: a status walk finds more as it goes. */
export const walkProgressSchema = v.object({
  phase: v.picklist(walkPhases),
  left: amountSchema,
  done: amountSchema,
});
export type WalkProgress = v.InferOutput<typeof walkProgressSchema>;
export const hoardWalkLineSchema = v.union([
  v.object({ progress: walkProgressSchema }),
  v.object({ walk: hoardWalkSchema }),
]);

/** The room that a client has, and what it does to keep what is hoarded in it. */
export const cacheFactsSchema = v.object({
  capacity: amountSchema,
  used: amountSchema,
  /** What takes the used bytes. Each byte counts once, for the first of these that applies. */
  filledBy: v.object({ unsent: count, open: count, hoarded: count, other: count }),
  disk: v.exactOptional(v.object({ directory: v.string(), free: count })),
  /** Entries of the hoard database, and how many it takes. */
  entries: v.object({ count, limit: v.exactOptional(count) }),
  walks: v.object({
    /** Whether venus walks by itself, how many seconds lie between two walks, and when it does next. */
    isPeriodic: v.boolean(),
    interval: v.exactOptional(count),
    next: v.exactOptional(v.number()),
    running: v.exactOptional(walkProgressSchema),
    last: v.exactOptional(hoardWalkSchema),
  }),
});
export type CacheFacts = v.InferOutput<typeof cacheFactsSchema>;

/**
 * The routes, below `/v1`.
 *
 * | route | query, body | answer |
 * |---|---|---|
 * | GET entries | `uid=N` | {@link hoardEntryLineSchema} |
 * | POST entries | JSON Lines of {@link newEntrySchema} | `{"entries": N}`: all of them or none, flushed |
 * | GET state | `uid=N`, `problems=true` | {@link hoardStateLineSchema} |
 * | POST plan | JSON Lines of {@link newEntrySchema}; `replace=true`: as if there were no other entries | {@link hoardPlanLineSchema} |
 * | GET explain | `path=P` | {@link cacheExplanationSchema}; ENOENT for what is not known here; nothing is fetched |
 * | POST walk | | {@link hoardWalkLineSchema}; the walk ends if the reader leaves |
 * | GET facts | | {@link cacheFactsSchema} |
 */
export const hoardRoutes = {
  entries: '/hoard/entries',
  state: '/hoard/state',
  plan: '/hoard/plan',
  explain: '/hoard/explain',
  walk: '/hoard/walk',
  facts: '/hoard/facts',
} as const;

export const addedEntriesSchema = v.object({ entries: count });
