import type { Call } from '../../ipc/call.ts';
import { ProtocolError } from '../../ipc/errors.ts';
import type { PioctlRequest } from '../../ipc/framing.ts';
import { fail } from '../fail.ts';
import { walk } from '../client/pathWalk.ts';
import { type ObjectPlace, type Place, changeableDirectory } from '../client/place.ts';
import type { UserSession } from '../client/userSession.ts';

/** What a handler works with. */
export interface PioctlContext {
  readonly session: UserSession;
  /** The rest of the connection speaks for this user. */
  speakFor(uid: number): void;
  /** Whoever asks in the rest of the connection waits so many milliseconds for each answer. */
  limitTime(milliseconds: number): void;
}

/** The path of a request, looked up when a handler asks for it. */
export class RequestPath {
  readonly #session: UserSession;
  readonly #request: PioctlRequest;

  constructor(session: UserSession, request: PioctlRequest) {
    this.#session = session;
    this.#request = request;
  }

  place(): Promise<Place> {
    return walk(this.#session, this.#request.path, this.#request.follow);
  }

  /** @throws VenusError ENOTDIR, EROFS for the Coda root */
  async changeableDirectory(): Promise<ObjectPlace> {
    return changeableDirectory(await this.place());
  }
}

/** Serves one opcode, bytes in and bytes out. Throws VenusError. */
export interface PioctlHandler {
  readonly opcode: number;
  run(context: PioctlContext, request: PioctlRequest): Promise<Uint8Array>;
}

/** A handler of a call, which brings both codecs. */
export function handler<Request, Reply>(
  definition: Call<Request, Reply>,
  run: (context: PioctlContext, path: RequestPath, request: Request) => Promise<Reply>,
): PioctlHandler {
  return {
    opcode: definition.opcode,
    run: async (context, request) => {
      const path = new RequestPath(context.session, request);
      const reply = await run(context, path, decodeInput(definition, request));
      return definition.reply.encode(reply);
    },
  };
}

function decodeInput<Request>(definition: Call<Request, unknown>, request: PioctlRequest): Request {
  try {
    return definition.request.decode(request.input);
  } catch (error) {
    if (error instanceof ProtocolError) return fail('EINVAL');
    throw error;
  }
}
