import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { bytesOfHex } from './bytes.ts';

/** One recorded datagram. */
export interface RecordedDatagram {
  readonly fromClient: boolean;
  readonly seconds: number;
  readonly datagram: Uint8Array;
  /** The RPC2 packet inside, as it was opened with the recorded keys; the datagram itself for a clear one. */
  readonly packet: Uint8Array;
  readonly sealed: { readonly spi: number; readonly sequence: number; readonly iv: Uint8Array } | undefined;
  readonly header: RecordedHeader;
  readonly body: Uint8Array;
}

const headerSchema = v.object({
  RemoteHandle: v.number(),
  LocalHandle: v.number(),
  Flags: v.number(),
  BodyLength: v.number(),
  SeqNumber: v.number(),
  Opcode: v.number(),
  SubsysId: v.number(),
  ReturnCode: v.number(),
  Lamport: v.number(),
  Uniquefier: v.number(),
  TimeStamp: v.number(),
});
export type RecordedHeader = v.InferOutput<typeof headerSchema>;

const direction = v.picklist(['client->server', 'server->client']);
const algorithms = v.tuple([v.string(), v.string()]);
const secretsSchema = v.object({
  pbkdf_salt: v.optional(v.string()),
  init1_key48: v.optional(v.string()),
});
const keySchema = v.object({ auth: v.string(), encr: v.string(), key: v.string() });
const packetSchema = v.object({
  direction,
  time: v.number(),
  hex: v.string(),
  spi: v.optional(v.number()),
  spi_seq: v.optional(v.number()),
  iv: v.optional(v.string()),
  plaintext_hex: v.optional(v.string()),
  header: headerSchema,
  body_hex: v.string(),
  secrets: v.optional(
    v.object({
      ...secretsSchema.entries,
      c2s: v.optional(algorithms),
      c2s_key: v.optional(v.string()),
      s2c: v.optional(algorithms),
      s2c_key: v.optional(v.string()),
    }),
  ),
});
const conversationSchema = v.object({
  name: v.string(),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  decrypted_with_password: v.optional(v.string()),
  result: v.optional(v.unknown()),
  secrets: v.optional(
    v.object({
      ...secretsSchema.entries,
      c2s: v.optional(keySchema),
      s2c: v.optional(keySchema),
    }),
    {},
  ),
  packets: v.array(packetSchema),
});

const macSchema = v.object({ msg_len: v.number(), mac: v.string() });
const kdfSchema = v.object({ password8: v.string(), salt: v.string(), key48: v.string() });
const sealSchema = v.object({
  key: v.string(),
  spi: v.number(),
  seq: v.number(),
  payload: v.string(),
  packet: v.string(),
});
const fileSchema = v.object({
  conversations: v.array(conversationSchema),
  primitives: v.object({
    kdf: v.array(kdfSchema),
    xcbc: v.object({ key: v.string(), macs: v.array(macSchema) }),
    seal_ccm8: v.object({ ...sealSchema.entries, iv: v.string() }),
    seal_cbc_xcbc: v.object({ ...sealSchema.entries, iv_before_encryption: v.string() }),
    pack_string: v.array(v.object({ value: v.string(), hex: v.string() })),
    retry_table_us_keepalive15_retries6: v.array(v.number()),
  }),
});

/** A conversation with a real auth2, whatever the form it was recorded in. */
export interface RecordedConversation {
  readonly name: string;
  /** With which the server sealed. */
  readonly password: string;
  readonly result: unknown;
  readonly salt: Uint8Array | undefined;
  readonly firstKey: Uint8Array | undefined;
  readonly toServer: RecordedKey | undefined;
  readonly toClient: RecordedKey | undefined;
  readonly packets: readonly RecordedDatagram[];
}

export interface RecordedKey {
  readonly authentication: number;
  readonly encryption: number;
  readonly key: Uint8Array;
}

const numbers: Readonly<Record<string, number>> = {
  'AUTH-NONE': 0,
  'AUTH-AES-XCBC-MAC-96': 9,
  'ENCR-NULL': 11,
  'ENCR-AES-CBC': 12,
  'ENCR-AES-CCM-8': 14,
  'ENCR-AES-CCM-12': 15,
  'ENCR-AES-CCM-16': 16,
};

const file = new URL('../golden/rpc2_vectors.json', import.meta.url);
const recorded = v.parse(fileSchema, JSON.parse(readFileSync(fileURLToPath(file), 'utf8')));

export const rpc2Primitives = recorded.primitives;

export const rpc2Conversations: readonly RecordedConversation[] = recorded.conversations.map(
  (conversation) => {
    const { name, result, secrets } = conversation;
    const captured = conversation.packets[0]?.secrets;
    const password = conversation.decrypted_with_password ?? conversation.password ?? '';
    return {
      name,
      password,
      result,
      salt: optionalBytes(secrets.pbkdf_salt ?? captured?.pbkdf_salt),
      firstKey: optionalBytes(secrets.init1_key48 ?? captured?.init1_key48),
      toServer: keyOf(secrets.c2s) ?? keyOf(asKey(captured?.c2s, captured?.c2s_key)),
      toClient: keyOf(secrets.s2c) ?? keyOf(asKey(captured?.s2c, captured?.s2c_key)),
      packets: conversation.packets.map(datagramOf),
    };
  },
);

/** @param part of its name */
export function rpc2Conversation(part: string): RecordedConversation {
  const found = rpc2Conversations.find(({ name }) => name.includes(part));
  if (!found) throw new Error(`no conversation ${part}`);
  return found;
}

function datagramOf(packet: v.InferOutput<typeof packetSchema>): RecordedDatagram {
  const datagram = bytesOfHex(packet.hex);
  const { spi, spi_seq: sequence, iv } = packet;
  const isSealed = spi !== undefined && sequence !== undefined && iv !== undefined;
  return {
    fromClient: packet.direction === 'client->server',
    seconds: packet.time,
    datagram,
    packet: packet.plaintext_hex === undefined ? datagram : bytesOfHex(packet.plaintext_hex),
    sealed: isSealed ? { spi, sequence, iv: bytesOfHex(iv) } : undefined,
    header: packet.header,
    body: bytesOfHex(packet.body_hex),
  };
}

function asKey(names: readonly [string, string] | undefined, key: string | undefined) {
  return names && key !== undefined ? { auth: names[0], encr: names[1], key } : undefined;
}

function keyOf(key: v.InferOutput<typeof keySchema> | undefined): RecordedKey | undefined {
  if (!key) return undefined;
  return {
    authentication: numbers[key.auth] ?? -1,
    encryption: numbers[key.encr] ?? -1,
    key: bytesOfHex(key.key),
  };
}

function optionalBytes(hex: string | undefined): Uint8Array | undefined {
  return hex === undefined ? undefined : bytesOfHex(hex);
}
