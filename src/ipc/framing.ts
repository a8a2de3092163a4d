/**
 * The frame around every pioctl, the same bytes in a pioctl file and on the socket (spec/cfs.md, 3.3 and 3.4).
 *
 *   request   "OPCODE\nPATHLEN\nFOLLOW\nINSIZE\nOUTSIZE\n"  NUL  path  input
 *   reply     "ERRNO\nSIZE\n"                               NUL  body
 *
 * All numbers are decimal text. Nothing here knows a file or a socket.
 */
import { ProtocolError } from './errors.ts';
import { concatBytes, decodeText, encodeText } from './text.ts';

/** One request to venus about a path. */
export interface PioctlRequest {
  /** The call's name, for messages; not sent. */
  readonly name?: string;
  /** One byte on a real venus; from 256 up only the embedded venus knows it. */
  readonly opcode: number;
  /** Relative to the Coda root, as `/example.org/usr`; empty or `/` for the root itself. */
  readonly path: string;
  /** Whether a symbolic link in the last position is followed. */
  readonly follow: boolean;
  readonly input: Uint8Array;
  /** Bytes of output asked for. Real venus does not honour it as a limit. */
  readonly outSize: number;
  /** Whether it changes a volume, so that it may have to wait for somebody else's log; not sent. */
  readonly changes?: boolean;
}

export interface PioctlReply {
  /** 0 or a positive Linux errno (or one of Coda's own above 500). */
  readonly errno: number;
  /** Undefined memory of venus unless errno is 0 and the call has an output. */
  readonly body: Uint8Array;
}

/** Limits of real venus (spec/cfs.md, 3.6). */
export const MAX_INPUT = 2048;
export const MAX_OUTPUT = 2048;
export const MAX_PATH = 1024;

const NUL = 0;

export function encodeRequest(request: PioctlRequest): Uint8Array {
  const path = encodeText(request.path);
  const numbers = [
    request.opcode,
    path.length,
    request.follow ? 1 : 0,
    request.input.length,
    request.outSize,
  ];
  return concatBytes([encodeText(`${numbers.join('\n')}\n\0`), path, request.input]);
}

export function encodeReply(reply: PioctlReply): Uint8Array {
  return concatBytes([encodeText(`${reply.errno}\n${reply.body.length}\n\0`), reply.body]);
}

/** The header of a request, before its path and input have arrived. */
export interface RequestHeader {
  readonly opcode: number;
  readonly pathLength: number;
  readonly follow: boolean;
  readonly inputLength: number;
  readonly outSize: number;
  /** Bytes of the header itself, NUL included. */
  readonly headerLength: number;
}

/**
 * Reads a request's header at the start of `bytes`.
 * @returns undefined while it is not complete
 * @throws ProtocolError where it cannot become a header any more
 */
export function decodeRequestHeader(bytes: Uint8Array): RequestHeader | undefined {
  const header = splitHeader(bytes, 5, 'pioctl request');
  if (!header) return undefined;
  const [opcode = 0, pathLength = 0, follow = 0, inputLength = 0, outSize = 0] = header.numbers;
  return { opcode, pathLength, follow: follow > 0, inputLength, outSize, headerLength: header.length };
}

/** Puts a request together from its header and all of its bytes (header, path, input). */
export function decodeRequest(header: RequestHeader, bytes: Uint8Array): PioctlRequest {
  const inputAt = header.headerLength + header.pathLength;
  return {
    opcode: header.opcode,
    path: decodeText(bytes.subarray(header.headerLength, inputAt)),
    follow: header.follow,
    input: bytes.slice(inputAt, inputAt + header.inputLength),
    outSize: header.outSize,
  };
}

export interface DecodedReply {
  readonly reply: PioctlReply;
  /** Bytes of the whole frame. */
  readonly length: number;
}

/**
 * Reads one reply at the start of `bytes`.
 * @param maxBody largest body to believe, in bytes
 * @returns undefined while it is not complete
 * @throws ProtocolError where it cannot become a reply any more
 */
export function decodeReply(bytes: Uint8Array, maxBody: number): DecodedReply | undefined {
  const header = splitHeader(bytes, 2, 'pioctl reply');
  if (!header) return undefined;
  const [errno = 0, size = 0] = header.numbers;
  if (size > maxBody)
    throw new ProtocolError(`pioctl reply: a body of ${size} bytes, at most ${maxBody} expected`);
  const length = header.length + size;
  if (bytes.length < length) return undefined;
  return { reply: { errno, body: bytes.slice(header.length, length) }, length };
}

const [DIGIT_0, DIGIT_9, NEWLINE] = [0x30, 0x39, 0x0a];
/** Longest number in a header: more digits than any u32 has. */
const MAX_DIGITS = 10;

/** The numbers before the NUL, one a line. @returns undefined while the NUL has not come */
function splitHeader(
  bytes: Uint8Array,
  count: number,
  what: string,
): { readonly numbers: readonly number[]; readonly length: number } | undefined {
  const numbers: number[] = [];
  let [number, digits] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= DIGIT_0 && byte <= DIGIT_9 && digits < MAX_DIGITS && numbers.length < count) {
      number = number * 10 + byte - DIGIT_0;
      digits += 1;
    } else if (byte === NEWLINE && digits > 0) {
      numbers.push(number);
      [number, digits] = [0, 0];
    } else if (byte === NUL && digits === 0 && numbers.length === count) {
      return { numbers, length: at + 1 };
    } else {
      throw new ProtocolError(`${what}: the header is not ${count} numbers`);
    }
  }
  return undefined;
}
