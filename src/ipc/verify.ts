/** What travels while venus compares the replicas of a subtree. */
import * as v from 'valibot';
import { fileTypeSchema, nameSchema } from './socket/routes.ts';

const integer = v.pipe(v.number(), v.integer());

/** In what replicas differ. */
export const differenceKinds = [
  /** A name is in a directory at some servers only. */
  'missing',
  /** A name stands for one object here and for another one there. */
  'other object',
  /** A name is there, but not what it stands for. */
  'lost object',
  /** Contents cannot be read at some servers. */
  'unreadable',
  'type',
  'length',
  'contents',
  /** The contents are equal, but take more room at some servers. */
  'holes',
  'mode',
  'owner',
  'acl',
  'target',
  'modified',
  'links',
  /** The version vectors differ. */
  'version',
  /** Marked as being in conflict: somebody has to repair it. */
  'conflict',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export const differenceSchema = v.object({
  /** From the Coda root. */
  path: nameSchema,
  fid: v.string(),
  type: v.exactOptional(fileTypeSchema),
  kind: v.picklist(differenceKinds),
  /** What each server has, as text; nothing where there is nothing to show. */
  servers: v.array(v.object({ name: v.string(), value: v.exactOptional(nameSchema) })),
  /** The servers that lack something or are behind; none where that cannot be told. */
  lacking: v.array(v.string()),
  /** The first stretch in which contents differ. */
  stretch: v.exactOptional(v.object({ from: v.number(), to: v.number() })),
});
export type Difference = v.InferOutput<typeof differenceSchema>;

/** Something that could not be compared, since servers refuse it. */
export const uncomparedSchema = v.object({ path: nameSchema, errno: integer, servers: v.array(v.string()) });
export type Uncompared = v.InferOutput<typeof uncomparedSchema>;

export const comparedVolumeSchema = v.object({
  name: v.string(),
  compared: v.array(v.string()),
  /** Servers of the volume that could not be reached, or were lost on the way. */
  unreached: v.array(v.string()),
});
export type ComparedVolume = v.InferOutput<typeof comparedVolumeSchema>;

export const comparedSumsSchema = v.object({
  objects: integer,
  /** Of contents that were compared, those of each file counted once. */
  bytes: v.number(),
  differences: integer,
  conflicts: integer,
  uncompared: integer,
  volumes: v.array(comparedVolumeSchema),
  /** Mount points that were not crossed. */
  mounts: integer,
});
export type ComparedSums = v.InferOutput<typeof comparedSumsSchema>;

const progressSchema = v.object({ objects: integer, bytes: v.number() });

/** A line of `GET /v1/verify`; the last one has `end`. */
export const verifyLineSchema = v.union([
  v.object({ difference: differenceSchema }),
  v.object({ uncompared: uncomparedSchema }),
  v.object({ progress: progressSchema }),
  v.object({ end: comparedSumsSchema }),
]);
export type VerifyLine = v.InferOutput<typeof verifyLineSchema>;

/** What a healing does with an object. */
export const healingSchema = v.variant('kind', [
  /** It is given anew to some servers. */
  v.object({ kind: v.literal('renewed'), path: nameSchema, servers: v.array(v.string()) }),
  /** It stays as it is, and why. */
  v.object({ kind: v.literal('left'), path: nameSchema, why: v.string() }),
]);
export type Healing = v.InferOutput<typeof healingSchema>;

/** A line of `POST /v1/verify/heal`; the last one has `end`. */
export const healLineSchema = v.union([
  v.object({ healing: healingSchema }),
  v.object({ progress: progressSchema }),
  v.object({ end: v.literal(true) }),
]);
export type HealLine = v.InferOutput<typeof healLineSchema>;
