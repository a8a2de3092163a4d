/**
 * The shapes of the HTTP dialect, shared by both of its ends: what travels is checked against them, whoever
 * sent it. Names that are not UTF-8 travel as `{"base64": …}`.
 */
import * as v from 'valibot';
import { CLEAR_TOKEN_SIZE, SECRET_TOKEN_SIZE } from '../clearToken.ts';
import { ProtocolError, refusalCodes } from '../errors.ts';
import { decodeText, encodeText, hasEscapedBytes } from '../text.ts';

const bytes = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))),
);
const bytesOfLength = (length: number) =>
  v.pipe(
    bytes,
    v.check((found) => found.length === length, `not ${length} bytes`),
  );

export const nameSchema = v.union([
  v.string(),
  v.pipe(
    v.object({ base64: bytes }),
    v.transform(({ base64 }) => decodeText(base64)),
  ),
]);

/** A name as it stands in JSON. */
export type JsonName = string | { readonly base64: string };

export function toJsonName(name: string): JsonName {
  return hasEscapedBytes(name) ? { base64: Buffer.from(encodeText(name)).toString('base64') } : name;
}

/** A value as one line of JSON, with its end. Names that are not UTF-8 keep their bytes. */
export function encodeJsonLine(value: unknown): string {
  const encode = (_key: string, part: unknown) => (typeof part === 'string' ? toJsonName(part) : part);
  return `${JSON.stringify(value, encode)}\n`;
}

/** Percent-encodes the bytes of a name, for a query. */
export function toQueryName(name: string): string {
  return Array.from(encodeText(name), (byte) =>
    /[A-Za-z0-9._~/-]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`,
  ).join('');
}

/** The other way round; undefined for a text that is not percent-encoded. */
export function fromQueryName(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const parts = text.match(/%[0-9a-fA-F]{2}|[^%]+/g) ?? [];
  const decoded = parts.map((part) =>
    part.startsWith('%') ? Buffer.from([Number.parseInt(part.slice(1), 16)]) : Buffer.from(part, 'utf8'),
  );
  return decodeText(Buffer.concat(decoded));
}

const integer = v.pipe(v.number(), v.integer());

export const fileTypeSchema = v.picklist(['file', 'directory', 'symlink']);

export const fileStatusSchema = v.object({
  type: fileTypeSchema,
  length: integer,
  mode: integer,
  linkCount: integer,
  owner: integer,
  ownerName: v.exactOptional(nameSchema),
  modified: v.number(),
  identity: v.string(),
  version: v.exactOptional(v.string()),
  mountPoint: v.exactOptional(nameSchema),
});
/** Tells what a file is whose contents follow: JSON in base64. */
export const STATUS_HEADER = 'coda-status';

/** @throws ProtocolError */
export function parseStatusHeader(text: string): v.InferOutput<typeof fileStatusSchema> {
  try {
    return v.parse(fileStatusSchema, JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
  } catch (cause) {
    throw new ProtocolError(`${STATUS_HEADER}: not the status of a file`, {}, { cause });
  }
}

/** Of an answer that was asked to tell what became of an object. */
export const changedSchema = v.object({ status: fileStatusSchema });

export const resolvedSchema = v.object({ path: nameSchema, status: fileStatusSchema });
export const linkTargetSchema = v.object({ target: nameSchema });

/** One line of a readdir; the last one says that none is missing, or why some are. */
export const directoryLineSchema = v.union([
  v.object({
    name: nameSchema,
    type: fileTypeSchema,
    identity: v.string(),
    version: v.exactOptional(
      v.object({
        vnode: integer,
        unique: integer,
        storeId: v.object({ host: integer, unique: integer }),
      }),
    ),
  }),
  v.object({ end: v.literal(true) }),
  v.object({ errno: integer }),
]);

/** Body of every answer that is not a success. */
export const failureSchema = v.object({
  /** For failures that have one. */
  errno: v.exactOptional(integer),
  /** For failures that have none, as `wrong-password`. */
  code: v.exactOptional(v.picklist(refusalCodes)),
  message: v.string(),
  why: v.exactOptional(v.string()),
  next: v.exactOptional(v.string()),
});

export const daemonStatusSchema = v.object({
  pid: integer,
  version: v.string(),
  realm: v.string(),
  client: v.string(),
  dataDirectory: v.string(),
  /** ISO 8601. */
  startedAt: v.string(),
  processes: v.optional(
    v.array(v.object({ name: v.string(), role: v.picklist(['venus', 'server', 'client']), pid: integer })),
    [],
  ),
  servers: v.array(v.object({ name: v.string(), address: v.string(), reachable: v.boolean() })),
});
export type DaemonStatus = v.InferOutput<typeof daemonStatusSchema>;

export const loginRequestSchema = v.object({
  user: v.string(),
  realm: v.string(),
  password: v.string(),
  /** Seconds; the realm's own length of life if absent. */
  lifetime: v.exactOptional(v.pipe(integer, v.minValue(1))),
});
export type LoginRequest = v.InferOutput<typeof loginRequestSchema>;

export const tokenSchema = v.object({
  secret: bytesOfLength(SECRET_TOKEN_SIZE),
  /** As the pioctls carry it. */
  clear: bytesOfLength(CLEAR_TOKEN_SIZE),
});

export const passwordChangeSchema = v.object({
  user: v.string(),
  realm: v.string(),
  oldPassword: v.string(),
  newPassword: v.string(),
});
export type PasswordChange = v.InferOutput<typeof passwordChangeSchema>;

export const newUserSchema = v.object({ name: v.string(), password: v.string(), administrator: v.boolean() });
export const passwordResetSchema = v.object({ name: v.string(), password: v.string() });
export const userListSchema = v.object({
  users: v.array(v.object({ id: integer, name: v.string(), groups: v.array(v.string()) })),
});
export type UserEntry = v.InferOutput<typeof userListSchema>['users'][number];

export const groupChangeSchema = v.object({ name: v.string(), members: v.array(v.string()) });
export const groupListSchema = v.object({
  groups: v.array(v.object({ id: integer, name: v.string(), members: v.array(v.string()) })),
});
export type GroupEntry = v.InferOutput<typeof groupListSchema>['groups'][number];

export const linkListSchema = v.object({
  links: v.array(
    v.union([
      v.object({ client: v.string(), server: v.string(), isCut: v.boolean() }),
      v.object({ server: v.string(), peer: v.string(), isCut: v.boolean() }),
    ]),
  ),
});

export const serverChangeSchema = v.object({
  name: v.string(),
  action: v.picklist(['start', 'stop', 'kill', 'empty']),
});
export type ServerChange = v.InferOutput<typeof serverChangeSchema>;

export const serverListSchema = v.object({
  servers: v.array(
    v.object({
      name: v.string(),
      address: v.string(),
      state: v.picklist(['up', 'starting', 'stopped']),
      /** Of its own process, if it has one. */
      pid: v.exactOptional(integer),
      /** Names of the volumes of which it has a replica. */
      volumes: v.array(v.string()),
      /** Other servers that it reaches. */
      reaches: v.array(v.string()),
    }),
  ),
});
export type ServerEntry = v.InferOutput<typeof serverListSchema>['servers'][number];

export const newVolumeSchema = v.object({
  name: v.string(),
  owner: v.exactOptional(v.string()),
  /** In units of 1 KiB, 0 = unlimited. */
  maxQuota: v.exactOptional(v.pipe(integer, v.minValue(0))),
  /** All servers of the realm if absent. */
  servers: v.exactOptional(v.array(v.string())),
});
export const volumeListSchema = v.object({
  volumes: v.array(
    v.object({
      id: integer,
      name: v.string(),
      /** Absent where no server that has it can be reached. */
      maxQuota: v.exactOptional(integer),
      blocksUsed: v.exactOptional(integer),
      servers: v.array(v.string()),
      /** Where this client has seen it mounted. */
      mountedAt: v.exactOptional(nameSchema),
    }),
  ),
});
export type VolumeEntry = v.InferOutput<typeof volumeListSchema>['volumes'][number];

export const emptySchema = v.object({});
