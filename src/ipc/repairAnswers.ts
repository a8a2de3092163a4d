/** What venus answers to the requests of a repair session: `/v1/repairs/…`. */
import * as v from 'valibot';
import { decisions, mutationSchema, verdictSchema } from './repairs.ts';

const count = v.pipe(v.number(), v.integer());

export const checkedSchema = v.union([
  v.object({ mutation: mutationSchema, verdict: verdictSchema }),
  // All are processed.
  v.strictObject({}),
]);

export const performedSchema = v.variant('kind', [
  v.object({
    kind: v.literal('done'),
    mutation: mutationSchema,
    /** Absent: as it was asked for. */
    decision: v.exactOptional(v.picklist(decisions)),
  }),
  v.object({ kind: v.literal('refused'), mutation: mutationSchema, verdict: verdictSchema }),
  v.object({ kind: v.literal('nothing left') }),
]);
export type PerformedAnswer = v.InferOutput<typeof performedSchema>;

export const undoneSchema = v.object({ mutation: v.exactOptional(mutationSchema) });

export const committedSchema = v.variant('kind', [
  v.object({ kind: v.literal('done'), performed: count, discarded: count }),
  v.object({
    kind: v.literal('overtaken'),
    verdict: verdictSchema,
    mutation: v.exactOptional(mutationSchema),
  }),
]);
