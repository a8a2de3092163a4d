import * as v from 'valibot';
import { logObstacles } from './logObstacles.ts';
import { nameSchema } from './socket/routes.ts';

const integer = v.pipe(v.number(), v.integer());

/** Why a log does not go out. */
export const obstacles = [...logObstacles, 'sending'] as const;

/** What is known of the modify log of one volume, beyond what pioctls can tell. */
export const logReportSchema = v.object({
  volume: integer,
  name: nameSchema,
  /** Where it is mounted, if that is known. */
  mount: v.exactOptional(nameSchema),
  entries: integer,
  bytes: v.number(),
  /** The local uid that owns it, and the user that it counts as. */
  owner: integer,
  ownerName: nameSchema,
  /** Other local uids that wait to change the volume. */
  waiting: v.exactOptional(v.array(integer)),
  /** What venus has of the owner's token. */
  token: v.picklist(['valid', 'expired', 'none', 'of another user', 'not needed']),
  servers: v.array(v.object({ name: v.string(), reachable: v.boolean() })),
  /** Seconds that a record waits at least. */
  age: v.number(),
  /** Times of the oldest and of the newest record, milliseconds since 1970. */
  oldest: v.number(),
  newest: v.number(),
  /** The first record, as the .cml text has it, and why the servers refused it, if they did. */
  head: nameSchema,
  conflict: v.exactOptional(v.object({ errno: integer, why: v.exactOptional(v.string()) })),
  obstacle: v.exactOptional(v.picklist(obstacles)),
  /** While it is being sent: records that have gone since that began, of those that were to go. */
  progress: v.exactOptional(v.object({ done: integer, total: integer })),
});
export type LogReport = v.InferOutput<typeof logReportSchema>;

/** The room that a client has, in bytes. */
export const clientReportSchema = v.object({
  cache: v.object({
    capacity: v.number(),
    /** What contents of files take, and what of it is not on the servers yet. */
    used: v.number(),
    unsent: v.number(),
    /** The last file that found no room, since unsent files fill the cache. */
    refused: v.exactOptional(v.number()),
  }),
  /** The disk that holds all of it. */
  disk: v.object({ directory: v.string(), free: v.number() }),
});
export type ClientReport = v.InferOutput<typeof clientReportSchema>;

export const logReportsSchema = v.object({
  logs: v.array(logReportSchema),
  client: v.exactOptional(clientReportSchema),
});

/** One record that is not on the servers yet. The last line of a list has `end`. */
export const pendingLineSchema = v.union([
  v.object({
    sequence: integer,
    time: v.number(),
    line: nameSchema,
    bytes: v.number(),
    conflict: v.boolean(),
  }),
  v.object({ end: v.literal(true) }),
]);
export type PendingRecord = Exclude<v.InferOutput<typeof pendingLineSchema>, { end: true }>;
