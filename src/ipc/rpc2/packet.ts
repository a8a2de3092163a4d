import { ProtocolError } from '../errors.ts';
import { concatBytes } from '../text.ts';
import { PackedReader, PackedWriter } from './packing.ts';

/** Longest datagram of RPC2. */
export const MAX_PACKET = 4500;
export const HEADER_SIZE = 60;
const PROTOCOL_VERSION = 8;
/** Where a packet begins with a smaller number it is clear; else that number is the handle of a sealed one. */
const CLEAR_LIMIT = 256;

/** Handles name a connection at one of its ends; these bounds hold for both. */
export const HANDLE = { least: CLEAR_LIMIT, most: 0x7fffffff } as const;

/** One packet of RPC2 (spec/rpc2.md, 2). Fields that nobody uses are zero. */
export interface Packet {
  /** The receiver's handle; 0 where a client does not know it yet. */
  readonly remoteHandle: number;
  /** The sender's handle. */
  readonly localHandle: number;
  readonly flags: number;
  readonly sequence: number;
  readonly opcode: number;
  readonly subsystem: number;
  readonly returnCode: number;
  /** A logical clock, which nobody checks. */
  readonly lamport: number;
  /** A random number of the client, the same in all packets of its connection. */
  readonly uniquefier: number;
  /** Microseconds of the client's clock, which the server gives back; 0 if no echo is wanted. */
  readonly timestamp: number;
  readonly body: Uint8Array;
}

export function encodePacket(packet: Packet): Uint8Array {
  const header = new PackedWriter()
    .u32(PROTOCOL_VERSION)
    .u32(packet.remoteHandle)
    .u32(packet.localHandle)
    .u32(packet.flags)
    .u32(packet.body.length)
    .u32(packet.sequence)
    .i32(packet.opcode)
    .u32(0)
    .u32(0)
    .u32(packet.subsystem)
    .i32(packet.returnCode)
    .u32(packet.lamport)
    .u32(packet.uniquefier)
    .u32(packet.timestamp)
    .u32(0)
    .finish();
  return concatBytes([header, packet.body]);
}

/** @throws ProtocolError for what is no packet as a whole */
export function decodePacket(bytes: Uint8Array): Packet {
  const reader = new PackedReader(bytes, 'RPC2 packet');
  const version = reader.u32();
  if (version !== PROTOCOL_VERSION) throw new ProtocolError(`RPC2 packet: version ${version}`);
  const [remoteHandle, localHandle, flags, bodyLength, sequence] = [
    reader.u32(),
    reader.u32(),
    reader.u32(),
    reader.u32(),
    reader.u32(),
  ];
  const opcode = reader.i32();
  reader.bytes(8);
  const [subsystem, returnCode] = [reader.u32(), reader.i32()];
  const [lamport, uniquefier, timestamp] = [reader.u32(), reader.u32(), reader.u32()];
  reader.u32();
  if (bodyLength !== reader.remaining)
    throw new ProtocolError(`RPC2 packet: a body of ${bodyLength} bytes, ${reader.remaining} there`);
  const body = reader.bytes(bodyLength);
  const header = { remoteHandle, localHandle, flags, sequence, opcode, subsystem, returnCode };
  return { ...header, lamport, uniquefier, timestamp, body };
}

/** A datagram that came in, as far as its first word tells. */
export type Datagram =
  | { readonly kind: 'clear' }
  /** Sealed, for the connection that the receiver calls by this handle. */
  | { readonly kind: 'sealed'; readonly handle: number }
  | { readonly kind: 'none' };

export function kindOf(datagram: Uint8Array): Datagram {
  if (datagram.length < 4 || datagram.length > MAX_PACKET) return { kind: 'none' };
  const first = new DataView(datagram.buffer, datagram.byteOffset).getUint32(0);
  return first < CLEAR_LIMIT ? { kind: 'clear' } : { kind: 'sealed', handle: first };
}
