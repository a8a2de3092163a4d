/** A repair session at a real Coda as it is kept: what is to be done, and how far it is done. */
import * as v from 'valibot';
import { decisions, mutationSchema } from '../../ipc/repairs.ts';

const integer = v.pipe(v.number(), v.integer());

/** What a step expects to find, so that nothing newer is replaced. */
const expectedSchema = v.variant('type', [
  v.object({ type: v.literal('none') }),
  v.object({ type: v.literal('directory') }),
  v.object({ type: v.picklist(['file', 'symlink']), length: v.number(), modified: v.number() }),
]);
export type Expected = v.InferOutput<typeof expectedSchema>;

/** Contents that were copied out of the client's version. */
const savedSchema = v.object({ file: v.string(), length: v.number(), sha256: v.string() });
export type Saved = v.InferOutput<typeof savedSchema>;

const common = { path: v.string(), expected: v.exactOptional(expectedSchema) };
/** Where the client has what is made; an empty file has nothing. */
const copied = { local: v.exactOptional(v.string()) };

/** A change to be made anew with ordinary file operations. Paths begin at the object; `../name` is beside it. */
export const stepSchema = v.variant('op', [
  v.object({
    ...common,
    op: v.literal('store'),
    ...copied,
    saved: v.exactOptional(savedSchema),
    mode: integer,
  }),
  v.object({ ...common, ...copied, op: v.literal('mkdir'), mode: integer }),
  v.object({ ...common, ...copied, op: v.literal('symlink'), target: v.string() }),
  v.object({ ...common, op: v.literal('link'), to: v.string() }),
  v.object({ ...common, op: v.literal('rename'), to: v.string() }),
  /** With all that is below it. */
  v.object({ ...common, op: v.literal('remove') }),
  v.object({ ...common, op: v.literal('chmod'), mode: integer }),
  v.object({ ...common, op: v.literal('chown'), owner: integer }),
  v.object({ ...common, op: v.literal('utimes'), modified: v.number() }),
]);
export type Step = v.InferOutput<typeof stepSchema>;

/**
 * What becomes of a record of the log at the commit: `send`, venus sends it, as nothing is in its way; `discard`, venus
 * deletes it, and its steps are done afterwards; `stay`.
 */
const recordSchema = v.object({
  /** The line of the log. */
  line: v.string(),
  /** Of the object under repair; others belong to other objects. */
  mutation: v.exactOptional(mutationSchema),
  decision: v.exactOptional(v.picklist(decisions)),
  fate: v.picklist(['send', 'discard', 'stay']),
  /** The servers refuse it for certain, as what it needs is not there. */
  dependent: v.boolean(),
  /** It is left out although nothing is in its way: venus would send it as soon as it could. */
  free: v.exactOptional(v.literal(true)),
  /** What it takes to do it anew; only done if its fate is `discard`. */
  steps: v.array(stepSchema),
  /** Its object is kept by another name: from where, to where. */
  moved: v.exactOptional(v.tuple([v.string(), v.string()])),
  /** A directory of the servers that is taken for the one it makes. */
  merged: v.exactOptional(v.string()),
});
export type WorkRecord = v.InferOutput<typeof recordSchema>;

export const workSchema = v.object({
  version: v.literal(1),
  id: v.string(),
  object: v.string(),
  type: v.picklist(['file', 'directory']),
  client: v.string(),
  servers: v.array(v.string()),
  /** A path of the volume by which its log can be asked for while the object is collapsed. */
  logPath: v.string(),
  /** The log as it was, up to its end. */
  records: v.array(recordSchema),
  /** Records from the first on that have left the log. */
  settled: integer,
  /** Whether a record was discarded, or is just being: then there is no way back. */
  isIrrevocable: v.boolean(),
  /** Steps of the discarded records, in their order, that are done. */
  redone: integer,
});
export type Work = v.InferOutput<typeof workSchema>;

export function stepsOf(work: Work): readonly Step[] {
  return work.records.flatMap(({ fate, steps }) => (fate === 'discard' ? steps : []));
}

/** Place of the first record of the object without a decision. */
export function currentOf(work: Work): number | undefined {
  const at = work.records.findIndex(({ mutation, decision }) => mutation && decision === undefined);
  return at < 0 ? undefined : at;
}
