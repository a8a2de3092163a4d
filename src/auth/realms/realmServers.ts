import { isIP } from 'node:net';
import { CodaError } from '../../ipc/errors.ts';
import type { ServerAddress } from '../rpc2/ports.ts';
import { hostsOf } from './realmsFile.ts';
import type { Resolver, ServiceRecord } from './resolver.ts';

/** The port of auth2, where no database of services has another. */
const AUTH2_PORT = 370;
const SERVICE = 'codaauth2';

/** Nobody knows where a realm or a host is. Classic tools fail with RPC2_FAIL then. */
export class NoServersError extends CodaError {
  readonly code = 'no-servers';
}

export interface RealmLookup {
  readonly resolver: Resolver;
  /** Text of the realms file. */
  readonly realmsFile: string;
  /** Text of /etc/services. */
  readonly services: string;
  /** From 0 to 1; decides between servers of equal rank. */
  readonly chance: () => number;
}

/**
 * The auth2 servers of a realm, in the order in which to try them (spec/auth.md, 1.2): from the realms file, else DNS
 * service records, else the addresses of the realm's name itself.
 * @throws NoServersError
 */
export async function auth2ServersOf(realm: string, lookup: RealmLookup): Promise<readonly ServerAddress[]> {
  const found = realm === '' || realm.startsWith('.') ? [] : await serversOf(realm, lookup);
  if (found.length > 0) return found;
  throw new NoServersError(`Unable to resolve addresses for Coda auth2 servers in realm '${realm}'`, {
    why: 'Neither the realms file nor DNS has servers for it.',
    next: 'Look at the name of the realm; name its servers in /etc/coda/realms, or one with --host.',
  });
}

/**
 * The addresses of one server, named by a person. A port may stand behind it: `host:port`, `[address]:port`.
 * @throws NoServersError
 */
export async function auth2ServerAt(host: string, lookup: RealmLookup): Promise<readonly ServerAddress[]> {
  const found = await addressesOf(host, lookup);
  if (found.length > 0) return found;
  throw new NoServersError(`${host}: no such host`, { next: 'Look at its name, or use its address.' });
}

async function serversOf(realm: string, lookup: RealmLookup): Promise<readonly ServerAddress[]> {
  const hosts = hostsOf(realm, lookup.realmsFile);
  if (hosts) return (await Promise.all(hosts.map((host) => addressesOf(host, lookup)))).flat();
  if (!realm.includes('.')) return [];
  if (isIP(realm) === 0) {
    const records = await lookup.resolver.services(`_${SERVICE}._udp.${realm}`);
    if (records && records.length > 0) return fromRecords(records, lookup);
  }
  return addressesOf(realm, lookup);
}

async function fromRecords(
  records: readonly ServiceRecord[],
  lookup: RealmLookup,
): Promise<readonly ServerAddress[]> {
  // A name that is the root says that the service is not offered.
  const offered = records.filter(({ name }) => name !== '' && name !== '.');
  const addresses = inOrder(offered, lookup.chance).map(async ({ name, port }) => {
    const found = await lookup.resolver.addresses(name);
    return found.map((address) => ({ name, port, ...address }));
  });
  return (await Promise.all(addresses)).flat();
}

/** By priority, and within one at random, the heavier the earlier (RFC 2782). */
function inOrder(records: readonly ServiceRecord[], chance: () => number): readonly ServiceRecord[] {
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: ServiceRecord[] = [];
  for (let [next] = left; next; [next] = left) {
    const { priority } = next;
    const equals = left.filter((record) => record.priority === priority);
    const total = equals.reduce((sum, { weight }) => sum + weight, 0);
    let at = chance() * total;
    const chosen = equals.find(({ weight }) => (at -= weight) < 0) ?? next;
    ordered.push(chosen);
    left.splice(left.indexOf(chosen), 1);
  }
  return ordered;
}

async function addressesOf(
  host: string,
  { resolver, services }: RealmLookup,
): Promise<readonly ServerAddress[]> {
  const { name, port = portOf(services) } = withPort(host);
  const found = await resolver.addresses(name);
  return found.map((address) => ({ name: host, port, ...address }));
}

/** A port behind a host is ours: the C tools know none. */
function withPort(host: string): { readonly name: string; readonly port?: number } {
  if (isIP(host) !== 0) return { name: host };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(host) ?? [];
  const name = bracketed ?? plain ?? host;
  return digits === undefined ? { name } : { name, port: Number(digits) };
}

function portOf(services: string): number {
  const digits = new RegExp(`^${SERVICE}\\s+(\\d+)/udp\\b`, 'm').exec(services)?.[1];
  return digits === undefined ? AUTH2_PORT : Number(digits);
}
