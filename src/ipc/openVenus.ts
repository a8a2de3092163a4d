import type { MountAddress, VenusAddress } from './address.ts';
import { ROOT, call } from './call.ts';
import { listRealms } from './calls/listRealms.ts';
import type { Milliseconds } from './timeLimit.ts';
import type { Venus } from './venus.ts';

export interface OpenOptions {
  readonly timeLimit: Milliseconds;
  /** The local uid to speak for (embedded venus only), if not the caller's own. */
  readonly uid: number | undefined;
  /** Path of the socket on which the venus of a mounted Coda tells what happens; asked for only then. */
  readonly marinerSocket?: () => string;
}

/** The transport for an address; nothing is sent yet. Each transport is loaded only when it is used. */
export async function openVenus(address: VenusAddress, options: OpenOptions): Promise<Venus> {
  if (address.kind === 'mount') {
    const { MountVenus } = await import('./mount/mountVenus.ts');
    const { directory } = address;
    return new MountVenus(directory, options.timeLimit, options.marinerSocket, () =>
      behind(address, options),
    );
  }
  const { SocketVenus } = await import('./socket/socketVenus.ts');
  return new SocketVenus(address.path, options);
}

/** The embedded venus that is mounted there, if it is one, by its socket: for what a mount does not tell. */
async function behind({ directory }: MountAddress, options: OpenOptions): Promise<Venus | undefined> {
  const { behindMount } = await import('./mount/socketLink.ts');
  const found = behindMount(directory);
  if (found.kind !== 'socket') return undefined;
  const { SocketVenus } = await import('./socket/socketVenus.ts');
  return new SocketVenus(found.path, options);
}

/** Names of the realms below the Coda root. */
export async function realmsOf(address: VenusAddress, venus: Venus): Promise<readonly string[]> {
  if (address.kind === 'socket') return call(venus, listRealms, ROOT);
  const files = await venus.files();
  const realms: string[] = [];
  for await (const { name } of files.readdir(ROOT)) if (!name.startsWith('.')) realms.push(name);
  return realms;
}

/** Where Coda stands for the user: at its mount point, or nominally at /coda. */
export function mountPointOf(address: VenusAddress): string {
  return address.kind === 'mount' ? address.directory : '/coda';
}

/**
 * Where the user's relative paths start. On a mount that is his working directory; where nothing is mounted
 * `CODA_CWD`, and without it the (first) realm.
 */
export async function workingDirectory(
  address: VenusAddress,
  venus: Venus,
  surroundings: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: () => string },
): Promise<string> {
  if (address.kind === 'mount') return surroundings.cwd();
  const fixed = surroundings.env['CODA_CWD'];
  if (fixed) return fixed;
  const [realm] = await realmsOf(address, venus);
  return realm === undefined ? '/coda' : `/coda/${realm}`;
}
