import * as v from 'valibot';
import type { ServerReport, VenusProtocol, Way } from '../../net/nodeProtocol.ts';
import { type DaemonStatus, serverChangeSchema } from '../../../ipc/socket/routes.ts';
import type { WantedEvents } from '../../../ipc/venus.ts';
import { encodeEvent } from '../../../ipc/venusEvent.ts';
import { type Exchange, type Route, badRequest, write } from './exchange.ts';

export interface DaemonControl {
  status(): Promise<DaemonStatus>;
  /** Begins a clean end; resolves before it is over. */
  shutDown(): void;
  readonly ways: {
    list(): Promise<readonly Way[]>;
    set(request: VenusProtocol['setWays']['request']): Promise<void>;
  };
  readonly servers: {
    list(): Promise<readonly ServerReport[]>;
    change(request: VenusProtocol['changeServer']['request']): Promise<void>;
  };
}

const waySchema = v.object({
  cut: v.boolean(),
  node: v.exactOptional(v.string()),
  server: v.exactOptional(v.string()),
});

/** The daemon itself, and what happens in it. */
export function daemonRoutes(control: DaemonControl): Readonly<Record<string, Route>> {
  return {
    'GET /status': async (exchange) => {
      exchange.reply(await control.status());
    },

    'GET /realm/links': async (exchange) => {
      exchange.reply({ links: await control.ways.list() });
    },

    'POST /realm/links': async (exchange) => {
      const { cut, node, server } = await exchange.json(waySchema);
      await control.ways.set({ isCut: cut, node, server });
      exchange.reply({});
    },

    'GET /realm/servers': async (exchange) => {
      exchange.reply({ servers: await control.servers.list() });
    },

    'POST /realm/servers': async (exchange) => {
      await control.servers.change(await exchange.json(serverChangeSchema));
      exchange.reply({});
    },

    'POST /shutdown': (exchange) => {
      exchange.reply({});
      exchange.response.once('finish', () => control.shutDown());
    },

    'GET /events': async (exchange) => {
      const wanted = wantedEvents(exchange);
      const stop = new AbortController();
      exchange.response.once('close', () => stop.abort());
      exchange.response.writeHead(200, { 'content-type': 'application/jsonl' });
      exchange.response.flushHeaders();
      for await (const event of exchange.session.client.events.listen(stop.signal, wanted)) {
        await write(exchange.response, encodeEvent(event));
      }
      exchange.response.end();
    },
  };
}

function wantedEvents(exchange: Exchange): WantedEvents {
  const [text, follow] = [exchange.optionalName('since'), exchange.optionalName('follow')];
  const last = exchange.optionalNumber('last');
  const since = text === undefined ? undefined : Date.parse(text);
  if (Number.isNaN(since)) badRequest('since is not a time of ISO 8601');
  if (follow !== undefined && follow !== 'true' && follow !== 'false')
    badRequest('follow is neither true nor false');
  return {
    ...(since === undefined ? {} : { since }),
    ...(last === undefined ? {} : { last }),
    ...(follow === undefined ? {} : { follow: follow === 'true' }),
  };
}
