import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GenericSchema, safeParse } from 'valibot';
import { RefusedError } from '../../../ipc/errors.ts';
import { encodeJsonLine, fromQueryName } from '../../../ipc/socket/routes.ts';
import type { SessionFiles } from '../../client/sessionFiles.ts';
import type { UserSession } from '../../client/userSession.ts';

/** Bytes of a JSON body, and milliseconds in which it must have come. */
const MAX_JSON = 64 * 1024;
const JSON_TIME = 10_000;

/** One HTTP request, as the routes see it. */
export class Exchange {
  readonly session: UserSession;
  readonly files: SessionFiles;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #query: ReadonlyMap<string, string>;

  constructor(session: UserSession, files: SessionFiles, request: IncomingMessage, response: ServerResponse) {
    this.session = session;
    this.files = files;
    this.request = request;
    this.response = response;
    this.#query = parseQuery(request.url ?? '');
  }

  /** A name in the query; it may hold any bytes. @throws RefusedError bad-request */
  name(key: string): string {
    return this.#query.get(key) ?? badRequest(`the query has no ${key}`);
  }

  optionalName(key: string): string | undefined {
    return this.#query.get(key);
  }

  /** A number in the query. @throws RefusedError bad-request */
  number(key: string): number {
    return this.optionalNumber(key) ?? badRequest(`the query has no ${key}`);
  }

  optionalNumber(key: string): number | undefined {
    const text = this.#query.get(key);
    if (text === undefined) return undefined;
    return /^\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : badRequest(`${key} is not a number`);
  }

  /** The body; a connection that is too slow with it is dropped. @throws RefusedError bad-request if it is too long or of another form */
  async json<T>(schema: GenericSchema<unknown, T>): Promise<T> {
    const result = safeParse(schema, parseJson(await this.#text()));
    return result.success
      ? result.output
      : badRequest(`the body has another form: ${result.issues[0].message}`);
  }

  /** The body as it comes, to its end. A reader that stops early leaves the connection open for its answer. */
  async *body(): AsyncGenerator<Uint8Array> {
    for await (const bytes of this.request.iterator({ destroyOnReturn: false })) {
      if (bytes instanceof Uint8Array) yield bytes;
    }
  }

  /** The answer, as a whole. */
  reply(value: unknown): void {
    this.response.writeHead(200, { 'content-type': 'application/json' });
    this.response.end(`${JSON.stringify(value)}\n`);
  }

  /** The answer, as a whole, with names that may hold any bytes. */
  replyWithNames(value: object): void {
    this.response.writeHead(200, { 'content-type': 'application/json' });
    this.response.end(encodeJsonLine(value));
  }

  async #text(): Promise<string> {
    const parts: Uint8Array[] = [];
    let length = 0;
    const tooSlow = new RefusedError('bad-request', 'the body is too slow');
    const giveUp = setTimeout(() => this.request.destroy(tooSlow), JSON_TIME);
    try {
      for await (const part of this.body()) {
        length += part.length;
        if (length > MAX_JSON) badRequest(`the body is longer than ${MAX_JSON} bytes`);
        parts.push(part);
      }
    } finally {
      clearTimeout(giveUp);
    }
    return Buffer.concat(parts).toString('utf8');
  }
}

/** Serves a route. What it throws becomes the answer. */
export type Route = (exchange: Exchange) => Promise<void> | void;

export function badRequest(why: string): never {
  throw new RefusedError('bad-request', why);
}

function parseQuery(url: string): ReadonlyMap<string, string> {
  const at = url.indexOf('?');
  const query = new Map<string, string>();
  if (at < 0) return query;
  for (const part of url.slice(at + 1).split('&')) {
    const equals = part.indexOf('=');
    const value = fromQueryName(part.slice(equals + 1)) ?? badRequest(`${part} is not percent-encoded`);
    if (equals > 0) query.set(part.slice(0, equals), value);
  }
  return query;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return badRequest('the body is no JSON');
  }
}

/** Writes at the speed at which the client reads. What is written to one that has gone is lost. */
export async function write(response: ServerResponse, data: string | Uint8Array): Promise<void> {
  if (response.destroyed || response.write(data)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
