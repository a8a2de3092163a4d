import type { Codec } from './codec.ts';
import { MAX_OUTPUT, type PioctlRequest } from './framing.ts';
import { concatBytes } from './text.ts';
import type { Venus } from './venus.ts';

/** One kind of request to venus: a value that knows its opcode, its follow flag and both codecs. */
export interface Call<Request, Reply> {
  readonly name: string;
  readonly opcode: number;
  /** Whether a symbolic link in the last position is followed. */
  readonly follow: boolean;
  /** Bytes of output asked for: 0 where the call has none (spec/cfs.md, 3.5). */
  readonly outSize: number;
  /** Whether it changes a volume, so that it may have to wait for somebody else's log. */
  readonly changes?: boolean;
  readonly request: Codec<Request>;
  readonly reply: Codec<Reply>;
}

interface CallDefinition<Request, Reply> extends Omit<Call<Request, Reply>, 'outSize'> {
  readonly outSize?: number;
}

/** @param definition without `outSize`: asks for as much as venus can give. */
export function defineCall<Request, Reply>(definition: CallDefinition<Request, Reply>): Call<Request, Reply> {
  return { outSize: MAX_OUTPUT, ...definition };
}

/** The request of a call about a path, ready for framing. @param input none for calls that have none */
export function encodeCall<Request>(
  definition: Call<Request, unknown>,
  path: string,
  ...input: readonly Request[]
): PioctlRequest {
  const { name, opcode, follow, outSize, changes = false } = definition;
  const payload = concatBytes(input.map((request) => definition.request.encode(request)));
  return { name, opcode, path, follow, outSize, input: payload, changes };
}

/**
 * Runs a call about a path.
 * @param path below the Coda root, as toVenusPath gives it
 * @throws VenusError with venus's errno; ProtocolError if the reply is not one
 */
export function call<Reply>(venus: Pioctls, definition: Call<void, Reply>, path: string): Promise<Reply>;
export function call<Request, Reply>(
  venus: Pioctls,
  definition: Call<Request, Reply>,
  path: string,
  request: Request,
): Promise<Reply>;
export async function call<Request, Reply>(
  venus: Pioctls,
  definition: Call<Request, Reply>,
  path: string,
  ...input: readonly Request[]
): Promise<Reply> {
  return definition.reply.decode(await venus.pioctl(encodeCall(definition, path, ...input)));
}

/** The part of the port that a call needs. */
export type Pioctls = Pick<Venus, 'pioctl'>;

/** The path of calls that are about no object: the Coda root. */
export const ROOT = '/';
