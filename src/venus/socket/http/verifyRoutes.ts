import { type JsonName, toJsonName } from '../../../ipc/socket/routes.ts';
import type { ComparedSums, Difference } from '../../../ipc/verify.ts';
import { Comparison } from '../../client/verify/comparison.ts';
import { HealingRun } from '../../client/verify/healing.ts';
import { type Exchange, type Route, write } from './exchange.ts';

/** Milliseconds between two lines that say how far it has come. */
const PROGRESS = 500;

/** Comparing replicas: `/v1/verify…`. The tree is as the servers have it, not as the client shows it. */
export const verifyRoutes: Readonly<Record<string, Route>> = {
  'GET /verify': async (exchange) => {
    const lines = new Lines(exchange);
    const comparison = new Comparison(exchange.session, {
      cross: exchange.optionalName('cross') === 'true',
      listener: {
        difference: (difference) => lines.write({ difference: differenceJson(difference) }),
        uncompared: ({ path, ...rest }) => lines.write({ uncompared: { ...rest, path: toJsonName(path) } }),
      },
    });
    await lines.whileRunning(comparison, () => comparison.run(exchange.name('path')));
    await lines.end({ end: comparison.sums });
  },

  'POST /verify/heal': async (exchange) => {
    const lines = new Lines(exchange);
    const healing = new HealingRun(exchange.session, {
      cross: exchange.optionalName('cross') === 'true',
      report: ({ path, ...rest }) => lines.write({ healing: { ...rest, path: toJsonName(path) } }),
    });
    await lines.whileRunning(healing.comparison, () => healing.run(exchange.name('path')));
    await lines.end({ end: true });
  },
};

/** The lines of an answer. The head goes out with the first one, so that what fails before is answered as a failure. */
class Lines {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  async whileRunning(running: { readonly sums: ComparedSums }, work: () => Promise<void>): Promise<void> {
    const timer = setInterval(() => {
      const { objects, bytes } = running.sums;
      // Lines of what was found go first, if the client is slow.
      if (running.sums.volumes.length > 0 && !this.#exchange.response.writableNeedDrain)
        void this.write({ progress: { objects, bytes } });
    }, PROGRESS);
    try {
      await work();
    } finally {
      clearInterval(timer);
    }
  }

  async write(line: object): Promise<void> {
    const { response } = this.#exchange;
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/jsonl' });
    await write(response, `${JSON.stringify(line)}\n`);
  }

  async end(line: object): Promise<void> {
    await this.write(line);
    this.#exchange.response.end();
  }
}

function differenceJson({ path, servers, ...rest }: Difference): object {
  return {
    ...rest,
    path: toJsonName(path),
    servers: servers.map(({ name, value }): { name: string; value?: JsonName } => ({
      name,
      ...(value === undefined ? {} : { value: toJsonName(value) }),
    })),
  };
}
