/** What venus says of a restore, as lines of JSON: the last one is the report or a failure. */
import * as v from 'valibot';
import { failureSchema, nameSchema } from './routes.ts';

const integer = v.pipe(v.number(), v.integer());
/** Counters have 64 bits, which JSON's numbers have not. */
const counter = v.pipe(
  v.string(),
  v.regex(/^\d{1,20}$/),
  v.transform((text) => BigInt(text)),
);

export const damageSchema = v.object({
  kind: v.picklist(['not-a-dump', 'cut', 'changed', 'misplaced', 'malformed']),
  offset: counter,
  length: counter,
  what: v.string(),
});

export const restoreReportSchema = v.object({
  volume: integer,
  name: v.string(),
  kind: v.picklist(['full', 'increment']),
  counters: v.object({
    directories: counter,
    files: counter,
    symlinks: counter,
    names: counter,
    removed: counter,
    dataBytes: counter,
    holeBytes: counter,
  }),
  unknown: v.array(v.object({ id: integer, name: v.exactOptional(nameSchema), isKept: v.boolean() })),
  damages: v.array(damageSchema),
  damageCount: integer,
  /** Objects that are in the dump's index, and could not be restored. */
  lostObjects: v.exactOptional(counter),
  lostFiles: v.array(nameSchema),
  standIns: v.array(v.string()),
});
export type RestoreReport = v.InferOutput<typeof restoreReportSchema>;

export const restoreLineSchema = v.union([
  v.object({ working: v.literal(true) }),
  v.object({ report: restoreReportSchema }),
  v.object({ failure: failureSchema }),
]);
