/** What travels between the tools and a venus that keeps repair sessions: conflicts, the mutations in them, versions. */
import * as v from 'valibot';
import { nameSchema } from './socket/routes.ts';

const integer = v.pipe(v.number(), v.integer());
const mutationBase = {
  /** Of its record in the modify log. */
  sequence: integer,
  /** When it was made, milliseconds since 1970. */
  time: v.number(),
};

/**
 * A record of a modify log as repair sees it. Paths begin at the object under repair; the object itself is the empty one.
 */
export const mutationSchema = v.variant('op', [
  v.object({ ...mutationBase, op: v.literal('store'), path: nameSchema, length: v.number() }),
  v.object({ ...mutationBase, op: v.literal('create'), path: nameSchema }),
  v.object({ ...mutationBase, op: v.literal('mkdir'), path: nameSchema }),
  v.object({ ...mutationBase, op: v.literal('symlink'), path: nameSchema, target: nameSchema }),
  v.object({ ...mutationBase, op: v.literal('link'), path: nameSchema, to: nameSchema }),
  v.object({ ...mutationBase, op: v.literal('rename'), path: nameSchema, to: nameSchema }),
  v.object({ ...mutationBase, op: v.literal('remove'), path: nameSchema }),
  v.object({ ...mutationBase, op: v.literal('rmdir'), path: nameSchema }),
  v.object({ ...mutationBase, op: v.literal('chmod'), path: nameSchema, mode: integer }),
  v.object({ ...mutationBase, op: v.literal('chown'), path: nameSchema, owner: integer }),
  v.object({ ...mutationBase, op: v.literal('utimes'), path: nameSchema, modified: v.number() }),
]);
export type LocalMutation = v.InferOutput<typeof mutationSchema>;

/** What stands in the way of a mutation on the servers. */
export const obstructions = [
  /** The name that it makes is there. */
  'exists',
  /** The name that it moves or removes is not there. */
  'missing',
  /** The object itself, or its directory, is not there. */
  'gone',
  /** Somebody else has changed the object. */
  'updated',
  /** A directory to be removed has entries. */
  'not empty',
  /** The rights do not suffice. */
  'denied',
  /** There is no room in the quota. */
  'no room',
  /** It needs another mutation that has been discarded or is in conflict itself. */
  'dependent',
  /** The servers cannot be asked. */
  'unreachable',
] as const;

export const verdictSchema = v.variant('kind', [
  v.object({ kind: v.literal('no conflict') }),
  v.object({
    kind: v.literal('conflict'),
    obstruction: v.picklist(obstructions),
    /** What is in the way, as {@link mutationSchema} has paths. */
    target: nameSchema,
    why: v.exactOptional(v.string()),
  }),
]);
export type Verdict = v.InferOutput<typeof verdictSchema>;
export type Obstruction = (typeof obstructions)[number];

export const decisions = ['preserved', 'discarded', 'skipped'] as const;
export type Decision = (typeof decisions)[number];

/** One version of an object: whose, since when, how large. */
export const versionSchema = v.object({
  /** `local`, `global` or the name of a server: its place below the expanded object. */
  place: v.string(),
  /** The client's or the server's name, for people. */
  host: v.string(),
  type: v.picklist(['file', 'directory', 'symlink', 'none']),
  length: v.number(),
  mode: integer,
  ownerName: nameSchema,
  /** Milliseconds since 1970. */
  modified: v.number(),
  target: v.exactOptional(nameSchema),
});
export type Version = v.InferOutput<typeof versionSchema>;

/** A repair session of a local/global conflict. */
export const repairSessionSchema = v.object({
  id: v.string(),
  /** The object under repair, from the Coda root. */
  path: nameSchema,
  type: v.picklist(['file', 'directory']),
  kind: v.picklist(['local/global', 'server/server', 'mixed']),
  /** The client whose changes are in conflict, and the servers. */
  client: v.string(),
  servers: v.array(v.string()),
  /** Whether it was under way before it was asked for now. */
  isResumed: v.boolean(),
  mutations: v.array(
    v.object({ mutation: mutationSchema, decision: v.exactOptional(v.picklist(decisions)) }),
  ),
  /** Place in `mutations` of the one that is next; their number when all are processed. */
  current: integer,
  /** The .cml text of the checkpoint, a file of this machine. */
  listing: v.exactOptional(nameSchema),
});
export type RepairDocument = v.InferOutput<typeof repairSessionSchema>;

const conflictBase = {
  path: nameSchema,
  fid: v.string(),
  type: v.picklist(['file', 'directory', 'symlink']),
  isExpanded: v.boolean(),
};

/** An object in conflict between this client and the servers, found without walking the tree. */
export const localConflictSchema = v.object({
  ...conflictBase,
  kind: v.picklist(['local/global', 'mixed']),
  /** The first mutation that is refused, and why. */
  mutation: mutationSchema,
  verdict: verdictSchema,
  /** Mutations of this object that are refused, and all that wait behind them. */
  refused: integer,
  waiting: integer,
  owner: nameSchema,
  versions: v.array(versionSchema),
});
export type LocalConflict = v.InferOutput<typeof localConflictSchema>;

/** Why servers could not merge what they have of an object. */
export const conflictKinds = [
  /** Different objects were made by one name. */
  'name/name',
  /** The contents or the status were changed on several sides. */
  'update/update',
  /** One side removed what another one went on to change. */
  'remove/update',
  'rename/rename',
  'rename/remove',
  /** Renames on several sides would put directories inside each other. */
  'cycle',
  /** A name waits for another conflict to be settled. */
  'dependent',
] as const;

export interface ConflictCause {
  readonly kind: (typeof conflictKinds)[number];
  /** The name in the directory in conflict, where it is about one. */
  readonly name?: string;
}

/** An update that some of the servers have and others have not. */
export const divergenceSchema = v.object({
  servers: v.array(v.string()),
  user: nameSchema,
  /** Milliseconds since 1970. */
  time: v.number(),
  op: v.picklist(['make', 'link', 'rename', 'remove', 'store', 'status', 'acl', 'repair']),
  /** From the object in conflict, which is the empty path. */
  path: nameSchema,
  to: v.exactOptional(nameSchema),
});
export type Divergence = v.InferOutput<typeof divergenceSchema>;

/** An object of which the servers have versions that could not be merged. The places of versions are the servers. */
export const serverConflictSchema = v.object({
  ...conflictBase,
  kind: v.literal('server/server'),
  causes: v.array(v.object({ kind: v.picklist(conflictKinds), name: v.exactOptional(nameSchema) })),
  versions: v.array(versionSchema),
  /** What the names that causes are about stand for at each server. */
  names: v.array(v.object({ name: nameSchema, versions: v.array(versionSchema) })),
  /** What was done where, oldest first. */
  divergences: v.array(divergenceSchema),
  /** Servers of the volume that did not answer. */
  silent: v.array(v.string()),
});
export type ServerConflict = v.InferOutput<typeof serverConflictSchema>;

export const conflictSchema = v.variant('kind', [localConflictSchema, serverConflictSchema]);
export type ConflictReport = v.InferOutput<typeof conflictSchema>;

/** How a mutation is preserved although something is in its way: instead of that, or beside it by another name. */
export const preserveHowSchema = v.variant('onConflict', [
  v.object({ onConflict: v.literal('replace') }),
  v.object({ onConflict: v.literal('rename'), name: nameSchema }),
]);
export type PreserveHow = v.InferOutput<typeof preserveHowSchema>;

/** What a session answers: to a question about the current mutation, to a decision, to an undo, to the commit. */
export const checkedSchema = v.union([
  v.object({ mutation: mutationSchema, verdict: verdictSchema }),
  v.strictObject({}),
]);
export const performedSchema = v.variant('kind', [
  v.object({ kind: v.literal('done'), mutation: mutationSchema, decision: v.picklist(decisions) }),
  v.object({ kind: v.literal('refused'), mutation: mutationSchema, verdict: verdictSchema }),
  v.object({ kind: v.literal('nothing left') }),
]);
export const undoneSchema = v.object({ mutation: v.exactOptional(mutationSchema) });
export const committedSchema = v.variant('kind', [
  v.object({ kind: v.literal('done'), performed: integer, discarded: integer }),
  v.object({
    kind: v.literal('overtaken'),
    verdict: verdictSchema,
    mutation: v.exactOptional(mutationSchema),
  }),
]);

/** A conflict in a list, or the end of the list. */
export const conflictLineSchema = v.union([
  conflictSchema,
  /** With the servers that did not answer: what only they know to be in conflict is not in the list. */
  v.object({ end: v.literal(true), silent: v.exactOptional(v.array(v.string()), []) }),
]);
