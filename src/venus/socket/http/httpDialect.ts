import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { errno } from '../../../ipc/errno.ts';
import { RefusedError, VenusError } from '../../../ipc/errors.ts';
import { logFault } from '../../log.ts';
import type { CacheManager } from '../../client/cacheManager.ts';
import { Patience } from '../../client/patience.ts';
import { SessionFiles } from '../../client/sessionFiles.ts';
import { UserSession } from '../../client/userSession.ts';
import { authRoutes } from './authRoutes.ts';
import { type DaemonControl, daemonRoutes } from './daemonRoutes.ts';
import { dumpRoutes } from './dumpRoutes.ts';
import { Exchange, type Route, badRequest } from './exchange.ts';
import { hoardRoutes } from './hoardRoutes.ts';
import { logRoutes } from './logRoutes.ts';
import { repairRoutes } from './repairRoutes.ts';
import { realmRoutes } from './realmRoutes.ts';
import { treeRoutes } from './treeRoutes.ts';
import { verifyRoutes } from './verifyRoutes.ts';
import { volumeRoutes } from './volumeRoutes.ts';

export interface HttpLimits {
  /** Milliseconds in which the head of a request must have come. */
  readonly headTime: number;
  /** Milliseconds of silence after which a connection is closed, whatever it was doing. */
  readonly idleTime: number;
}

/** Milliseconds that a client may go on to send a body after it was refused, so that it can read the answer first. */
const LINGER = 10_000;

/** Answers that may take long without a word: events, and walks, which may wait for each other. */
const MAY_BE_SILENT = /^\/v1\/(events|hoard\/walk|hoard\/plan)/;

export const defaultHttpLimits: HttpLimits = { headTime: 10_000, idleTime: 120_000 };

/** The HTTP dialect: connections come from the listener, which has told the dialects apart. */
export class HttpDialect {
  readonly #server: Server;
  readonly #client: CacheManager;
  readonly #uid: number;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #limits: HttpLimits;

  constructor(client: CacheManager, uid: number, control: DaemonControl, limits: HttpLimits) {
    this.#client = client;
    this.#uid = uid;
    this.#limits = limits;
    this.#routes = new Map(
      Object.entries({
        ...treeRoutes,
        ...authRoutes,
        ...realmRoutes,
        ...dumpRoutes,
        ...logRoutes,
        ...repairRoutes,
        ...verifyRoutes,
        ...volumeRoutes,
        ...hoardRoutes,
        ...daemonRoutes(control),
      }),
    );
    this.#server = createServer(
      {
        headersTimeout: limits.headTime,
        requestTimeout: 0,
        connectionsCheckingInterval: limits.headTime / 4,
      },
      (request, response) => void this.#serve(request, response),
    );
    // Node sets these on a connection after each answer.
    this.#server.timeout = limits.idleTime;
    this.#server.keepAliveTimeout = limits.idleTime;
    // The check for slow heads starts with listening, which this server never does.
    this.#server.emit('listening');
  }

  accept(socket: Socket): void {
    socket.setTimeout(this.#limits.idleTime, () => socket.destroy());
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const route = this.#find(request);
      const patience = new Patience(timeLimitOf(request), goneSignal(response));
      const session = new UserSession(this.#client, this.#speaksFor(request), patience);
      if (MAY_BE_SILENT.test(request.url ?? '')) request.socket.setTimeout(0);
      const exchange = new Exchange(session, new SessionFiles(session), request, response);
      const stop = this.#tellOfTransfers(exchange, patience);
      try {
        await route(exchange);
      } finally {
        stop();
      }
    } catch (error) {
      fail(error, request, response);
    }
  }

  /** While the file that a request is about is on its way, the client has no reason to give up. */
  #tellOfTransfers(exchange: Exchange, patience: Patience): () => void {
    const path = exchange.optionalName('path');
    if (path === undefined) return () => undefined;
    const { response } = exchange;
    return this.#client.events.watch((event) => {
      if (event.kind !== 'storeProgress' && event.kind !== 'fetchProgress') return;
      if (event.path !== `/coda${path}` || response.headersSent) return;
      patience.renew();
      response.writeProcessing();
    });
  }

  #find(request: IncomingMessage): Route {
    const [, path = ''] = /^\/v1(\/[^?]*)/.exec(request.url ?? '') ?? [];
    return this.#routes.get(`${request.method} ${path}`) ?? badRequest(`no ${request.method} ${path}`);
  }

  #speaksFor(request: IncomingMessage): number {
    return numberIn(request, 'coda-uid') ?? this.#uid;
  }
}

/** How many milliseconds the client waits for an answer, if it says. */
function timeLimitOf(request: IncomingMessage): number | undefined {
  return numberIn(request, 'coda-timeout');
}

/** @throws RefusedError bad-request if it is no number of 32 bits */
function numberIn({ headers }: IncomingMessage, header: 'coda-uid' | 'coda-timeout'): number | undefined {
  const text = headers[header];
  if (text === undefined) return undefined;
  const valid = typeof text === 'string' && /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32;
  return valid ? Number(text) : badRequest(`${header} is not a number of 32 bits`);
}

/** Aborted when the client closes its connection, or has its answer. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

/** Errors as JSON. What is neither an errno nor a refusal is a fault of venus. */
function fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  const known = error instanceof VenusError || error instanceof RefusedError;
  if (!known && !response.destroyed)
    logFault(`${request.method} ${request.url?.replace(/\?.*/s, '')}`, error);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const shown = known ? error : new VenusError(errno('EIO'), { why: 'Venus failed; its log says more.' });
  const body = {
    ...(shown instanceof VenusError ? { errno: shown.errno } : { code: shown.code }),
    message: shown.message,
    ...(shown.why === undefined ? {} : { why: shown.why }),
    ...(shown.next === undefined ? {} : { next: shown.next }),
  };
  response.writeHead(known ? 422 : 500, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
  if (!request.complete) discardRest(request);
}

/** What the client still sends is not wanted any more. To close at once could take the answer from it. */
function discardRest(request: IncomingMessage): void {
  const giveUp = setTimeout(() => request.socket.destroy(), LINGER);
  request.once('close', () => clearTimeout(giveUp));
  request.resume();
}
