import { ROOT, call } from '../ipc/call.ts';
import { listServers } from '../ipc/calls/listServers.ts';
import { blockingWork } from '../ipc/blockingCalls.ts';
import { CodaError, TimeLimitError } from '../ipc/errors.ts';
import { type Milliseconds, withTimeLimit } from '../ipc/timeLimit.ts';
import type { Context } from './context.ts';

/** Milliseconds that a reverse look-up may take before the address is shown instead. */
const PATIENCE = 1000;

/** Names of servers, both ways: the embedded venus knows its own, the resolver those of a real realm. */
export interface ServerNames {
  /** The name, or the address itself where there is none. */
  nameOf(address: string): Promise<string>;
  /** @throws UnknownHostError */
  addressOf(host: string): Promise<string>;
}

/** A host that has no address. The C tools drop it, and then ask all servers. */
export class UnknownHostError extends CodaError {
  readonly code = 'unknown-host';

  constructor(host: string) {
    super(`${host}: no such host`, { next: 'Check its name, or use its address.' });
  }
}

/** @param numeric shows addresses and looks nothing up */
export function serverNames(context: Context, numeric: boolean): ServerNames {
  const own = embeddedServers(context);
  return {
    nameOf: async (address) => {
      if (numeric) return address;
      return (await own()).find((server) => server.address === address)?.name ?? (await reverse(address));
    },
    addressOf: async (host) => {
      const address = (await own()).find((server) => server.name === host)?.address;
      return address ?? parseAddress(host) ?? (await forward(host, context.timeLimit));
    },
  };
}

function embeddedServers(context: Context) {
  let found: Promise<readonly { readonly address: string; readonly name: string }[]> | undefined;
  return () => {
    if (!context.isEmbedded()) return Promise.resolve([]);
    found ??= context.venus().then((venus) => call(venus, listServers, ROOT));
    return found;
  };
}

/** `inet_aton` forms: one to four numbers, the last of which fills what is left (`10` is 0.0.0.10). */
export function parseAddress(host: string): string | undefined {
  const parts = host.split('.');
  if (parts.length > 4 || !parts.every((part) => /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.test(part)))
    return undefined;
  const numbers = parts.map((part) => (/^0\d/.test(part) ? Number.parseInt(part, 8) : Number(part)));
  const last = numbers.pop() ?? 0;
  const room = 256 ** (4 - numbers.length);
  if (last >= room || numbers.some((number) => !(number < 256))) return undefined;
  const value = numbers.reduce((sum, number, at) => sum + number * 256 ** (3 - at), last);
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

async function reverse(address: string): Promise<string> {
  const { Resolver } = await import('node:dns/promises');
  try {
    const [name] = await new Resolver({ timeout: PATIENCE, tries: 1 }).reverse(address);
    return name ?? address;
  } catch {
    return address;
  }
}

async function forward(host: string, limit: Milliseconds): Promise<string> {
  const { lookup } = await import('node:dns/promises');
  try {
    const found = blockingWork(() => lookup(host, { family: 4 }));
    return (await withTimeLimit(found, limit, () => `the address of ${host}`)).address;
  } catch (error) {
    if (error instanceof TimeLimitError) throw error;
    throw new UnknownHostError(host);
  }
}
