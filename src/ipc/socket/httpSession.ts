import { Readable } from 'node:stream';
import { type Dispatcher, Pool, errors } from 'undici';
import { type GenericSchema, safeParse } from 'valibot';
import { CodaError, ProtocolError, RefusedError, VenusError } from '../errors.ts';
import { type Milliseconds, timeLimitError } from '../timeLimit.ts';
import type { WantedEvents } from '../venus.ts';
import { type VenusEvent, eventSchema } from '../venusEvent.ts';
import { unavailable } from './pioctlConnection.ts';
import { failureSchema } from './routes.ts';
import { dontOptimiseWasm } from './wasmTiering.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/v1`, with its query, as `/tree/lstat?path=/`. */
  readonly route: string;
  /** A body, either JSON or bytes. */
  readonly json?: unknown;
  readonly bytes?: AsyncIterable<Uint8Array> | Uint8Array;
  /** How long the answer may take to begin, if not as long as every request: venus works while the body comes. */
  readonly patience?: Milliseconds;
}

export interface HttpOptions {
  readonly timeLimit: Milliseconds;
  /** The local uid to speak for, if not the caller's own. */
  readonly uid: number | undefined;
}

/** Requests in flight at once. */
const CONNECTIONS = 8;
/** The host name in requests; nobody looks at it on a Unix socket. */
const ORIGIN = 'http://venus';

/** HTTP over the socket of the embedded venus. Every method throws what {@link HttpSession.json} throws. */
export class HttpSession {
  readonly #path: string;
  readonly #options: HttpOptions;
  readonly #pool: Pool;

  constructor(path: string, options: HttpOptions) {
    this.#path = path;
    this.#options = options;
    dontOptimiseWasm();
    this.#pool = new Pool(ORIGIN, {
      socketPath: path,
      connections: CONNECTIONS,
      headersTimeout: options.timeLimit,
      bodyTimeout: options.timeLimit,
    });
  }

  /**
   * One request whose answer is a JSON document.
   * @throws VenusError, RefusedError, TimeLimitError, VenusUnavailableError, ProtocolError
   */
  async json<T>(request: HttpRequest, schema: GenericSchema<unknown, T>): Promise<T> {
    const response = await this.#send(request, this.#options.timeLimit);
    try {
      return parse(schema, await response.body.text(), request.route);
    } catch (error) {
      throw this.#translate(error, request);
    }
  }

  /** One request whose answer is bytes, and a header that goes before them. All of the bytes are to be taken. */
  async headed(
    request: HttpRequest,
    header: string,
  ): Promise<{ readonly header: string; readonly bytes: AsyncIterable<Uint8Array> }> {
    const response = await this.#send(request, this.#options.timeLimit);
    const value = response.headers[header];
    if (typeof value !== 'string') throw new ProtocolError(`${request.route}: ${header} is missing`);
    return { header: value, bytes: this.#bytesOf(response, request) };
  }

  /** One request whose answer is bytes. @param silence how long nothing may come, 0 = for ever */
  async *bytes(
    request: HttpRequest,
    silence: Milliseconds = this.#options.timeLimit,
  ): AsyncGenerator<Uint8Array> {
    yield* this.#bytesOf(await this.#send(request, silence), request);
  }

  async *#bytesOf(response: Dispatcher.ResponseData, request: HttpRequest): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of response.body) {
        if (!(chunk instanceof Uint8Array))
          throw new ProtocolError(`${request.route}: text instead of bytes`);
        yield chunk;
      }
    } catch (error) {
      throw this.#translate(error, request);
    }
  }

  /** One request whose answer is lines of JSON. */
  async *lines<T>(
    request: HttpRequest,
    schema: GenericSchema<unknown, T>,
    silence?: Milliseconds,
  ): AsyncGenerator<T> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of this.bytes(request, silence)) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) yield parse(schema, line, request.route);
    }
    if (rest !== '') throw new ProtocolError(`${request.route}: the answer of venus is cut short`);
  }

  async *events({ since, last, follow }: WantedEvents = {}): AsyncGenerator<VenusEvent> {
    const query = [
      ...(since === undefined ? [] : [`since=${new Date(since).toISOString()}`]),
      ...(last === undefined ? [] : [`last=${last}`]),
      ...(follow === undefined ? [] : [`follow=${follow}`]),
    ].join('&');
    const route = query === '' ? '/events' : `/events?${query}`;
    for await (const event of this.lines({ method: 'GET', route }, eventSchema, 0)) if (event) yield event;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #send(request: HttpRequest, bodyTimeout: Milliseconds): Promise<Dispatcher.ResponseData> {
    const { uid, timeLimit } = this.#options;
    try {
      const response = await this.#pool.request({
        method: request.method,
        path: `/v1${request.route}`,
        headers: {
          'coda-timeout': String(Math.ceil(timeLimit)),
          ...(uid === undefined ? {} : { 'coda-uid': String(uid) }),
          ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: bodyOf(request),
        bodyTimeout,
        ...(request.patience === undefined ? {} : { headersTimeout: request.patience }),
      });
      if (response.statusCode === 200) return response;
      throw toFailure(await response.body.text(), request);
    } catch (error) {
      throw this.#translate(error, request);
    }
  }

  #translate(error: unknown, request: HttpRequest): unknown {
    if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
      const route = request.route.replace(/\?.*$/, '');
      return timeLimitError(`${route} at ${this.#path}`, this.#options.timeLimit);
    }
    if (error instanceof CodaError || !(error instanceof Error)) return error;
    return 'code' in error && typeof error.code === 'string'
      ? unavailable(this.#path, error.code, error)
      : error;
  }
}

function bodyOf(request: HttpRequest): string | Uint8Array | Readable | null {
  if (request.json !== undefined) return JSON.stringify(request.json);
  if (request.bytes instanceof Uint8Array) return request.bytes;
  return request.bytes === undefined ? null : Readable.from(request.bytes, { objectMode: false });
}

function toFailure(text: string, request: HttpRequest): CodaError {
  const failure = parse(failureSchema, text, request.route);
  const advice = {
    ...(failure.why === undefined ? {} : { why: failure.why }),
    ...(failure.next === undefined ? {} : { next: failure.next }),
  };
  if (failure.errno !== undefined) return new VenusError(failure.errno, advice);
  return new RefusedError(failure.code ?? 'bad-request', failure.message, advice);
}

function parse<T>(schema: GenericSchema<unknown, T>, text: string, route: string): T {
  const result = safeParse(schema, parseJson(text, route));
  if (result.success) return result.output;
  throw new ProtocolError(`${route}: venus's answer has another form than expected`, {
    why: result.issues[0].message,
  });
}

function parseJson(text: string, route: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError(`${route}: venus's answer is no JSON`, {}, { cause });
  }
}
