import type { Service } from './net/link.ts';
import type { VenusProtocol } from './net/nodeProtocol.ts';
import type { Nodes } from './nodes/nodes.ts';
import type { ServerControl } from './nodes/serverControl.ts';

export interface VenusServiceOptions {
  readonly version: string;
  readonly nodes: Nodes;
  readonly servers: ServerControl;
  /** Begins a clean end. */
  readonly stop: () => void;
}

/** What its clients ask of the venus itself. */
export function venusService({ version, nodes, servers, stop }: VenusServiceOptions): Service<VenusProtocol> {
  const startedAt = new Date().toISOString();
  const { pid } = process;
  return {
    describe: () => {
      const processes = [{ name: 'venus', role: 'venus', pid } as const, ...nodes.processes()];
      return Promise.resolve({ version, pid, startedAt, processes });
    },
    listWays: () => Promise.resolve({ ways: nodes.ways.list() }),
    setWays: async (request) => {
      await nodes.ways.set(request);
      return null;
    },
    listServers: async () => ({ servers: await servers.list() }),
    changeServer: async ({ name, action }) => {
      await servers.change(name, action);
      return null;
    },
    shutDown: () => {
      // The answer goes first.
      setImmediate(stop);
      return Promise.resolve(null);
    },
  };
}
