/** The name service, passed in: tests have one of their own. */
export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Where a service is offered, as DNS has it. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  /** The lower, the earlier it is to be tried. */
  readonly priority: number;
  /** Among those of a priority: the higher, the more often first. */
  readonly weight: number;
}

export interface Resolver {
  /** Of a host or an address; IPv4 first. None if it is not known. */
  addresses(host: string): Promise<readonly HostAddress[]>;
  /** Undefined if there are no such records. */
  services(name: string): Promise<readonly ServiceRecord[] | undefined>;
}

/** The name service of this machine. */
export const machineResolver: Resolver = {
  async addresses(host) {
    const { lookup } = await import('node:dns/promises');
    const found = await lookup(host, { all: true }).catch(() => []);
    const all = found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }) as const);
    return all.sort((a, b) => a.family - b.family);
  },
  async services(name) {
    const { resolveSrv } = await import('node:dns/promises');
    return resolveSrv(name).catch(() => undefined);
  },
};
