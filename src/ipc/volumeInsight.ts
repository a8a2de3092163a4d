import * as v from 'valibot';
import { obstacles } from './insight.ts';
import { nameSchema } from './socket/routes.ts';

const integer = v.pipe(v.number(), v.integer());

/** What a client knows by itself of one volume: no server is asked. */
export const volumeReportSchema = v.object({
  volume: integer,
  name: nameSchema,
  realm: nameSchema,
  /** Where it is mounted, if that is known. */
  mount: v.exactOptional(nameSchema),
  connection: v.picklist(['reachable', 'unreachable', 'resolving']),
  /** What waits in its modify log, the contents of files included in the bytes. */
  entries: integer,
  bytes: v.number(),
  /** Seconds that a change waits at least; above 0 the volume is write-disconnected. */
  age: v.number(),
  /** Whether the log holds a change that the servers refused. */
  conflict: v.boolean(),
  /** Why the log does not go out. */
  obstacle: v.exactOptional(v.picklist(obstacles)),
});
export type VolumeReport = v.InferOutput<typeof volumeReportSchema>;

/** Answer of `GET /v1/volumes`. */
export const volumeReportsSchema = v.object({ volumes: v.array(volumeReportSchema) });
