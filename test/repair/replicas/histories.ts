/** What two parted sides do to a volume, at random. */
import fc from 'fast-check';
import { type Kind, type MemoryServers, ROOT } from '../memory/servers.ts';

const names = ['a', 'b', 'c', 'd'] as const;

export type Action =
  | { readonly kind: 'make'; readonly type: Kind; readonly directory: number; readonly name: string }
  | { readonly kind: 'write'; readonly which: number }
  | { readonly kind: 'remove'; readonly directory: number; readonly which: number }
  | {
      readonly kind: 'rename';
      readonly directory: number;
      readonly which: number;
      readonly to: number;
      readonly name: string;
    }
  | { readonly kind: 'link'; readonly which: number; readonly name: string }
  | { readonly kind: 'chmod'; readonly directory: number; readonly mode: number }
  | { readonly kind: 'chown'; readonly directory: number; readonly owner: number }
  | { readonly kind: 'rights'; readonly directory: number; readonly user: string; readonly rights: number };

const nat = fc.nat({ max: 1000 });
const name = fc.constantFrom(...names);

export const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('make'),
      type: fc.constantFrom<Kind>('file', 'file', 'directory', 'symlink'),
      directory: nat,
      name,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write'), which: nat }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove'), directory: nat, which: nat }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('rename'), directory: nat, which: nat, to: nat, name }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link'), which: nat, name }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('chmod'), directory: nat, mode: fc.nat({ max: 0o777 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('chown'), directory: nat, owner: fc.nat({ max: 9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rights'),
      directory: nat,
      user: fc.constantFrom('luqi', 'raiff', 'System:AnyUser'),
      rights: fc.nat({ max: 127 }),
    }),
  },
);

/** Performs an action at servers that see each other; what makes no sense there is left out. */
export function perform(servers: MemoryServers, sites: readonly number[], act: Action): void {
  const [site = 0] = sites;
  const reached = reachable(servers, site);
  const directories = reached.filter((key) => servers.get(site, key).kind === 'directory');
  const files = reached.filter((key) => servers.get(site, key).kind === 'file');
  const directory = 'directory' in act ? (pick(directories, act.directory) ?? ROOT) : ROOT;
  const entries = servers.get(site, directory).entries;
  switch (act.kind) {
    case 'make':
      if (!entries.has(act.name))
        servers.make(sites, directory, act.name, act.type, act.type === 'directory' ? '' : text(servers));
      return;
    case 'write': {
      const file = pick(files, act.which);
      if (file !== undefined) servers.change(sites, file, { contents: text(servers) });
      return;
    }
    case 'remove': {
      const gone = pick([...entries.keys()], act.which);
      if (gone !== undefined) servers.remove(sites, directory, gone);
      return;
    }
    case 'rename':
      rename(servers, sites, directories, act);
      return;
    case 'link': {
      const file = pick(files, act.which);
      if (file === undefined) return;
      const { parent } = servers.get(site, file);
      if (isParted(servers, file, parent)) return;
      if (!servers.get(site, parent).entries.has(act.name)) servers.link(sites, parent, act.name, file);
      return;
    }
    case 'chmod':
      servers.change(sites, directory, { mode: act.mode });
      return;
    case 'chown':
      servers.change(sites, directory, { owner: act.owner });
      return;
    case 'rights': {
      const { positive, negative } = servers.get(site, directory).access;
      const others = positive.filter(({ name: user }) => user !== act.user);
      const entry = act.rights === 0 ? [] : [{ name: act.user, rights: act.rights }];
      servers.change(sites, directory, { access: { positive: [...others, ...entry], negative } });
    }
  }
}

function rename(
  servers: MemoryServers,
  sites: readonly number[],
  directories: readonly string[],
  act: Extract<Action, { kind: 'rename' }>,
): void {
  const [site = 0] = sites;
  const from = pick(directories, act.directory);
  const to = pick(directories, act.to);
  if (from === undefined || to === undefined) return;
  const name = pick([...servers.get(site, from).entries.keys()], act.which);
  const moved = name === undefined ? undefined : servers.get(site, from).entries.get(name);
  if (name === undefined || moved === undefined || servers.get(site, to).entries.has(act.name)) return;
  if (reachable(servers, site, moved).includes(to)) return;
  // A file with several names has them in one directory.
  if (from !== to && isLinked(servers, moved)) return;
  servers.rename(sites, from, name, to, act.name);
}

/**
 * A file that one side moves to another directory while it gets a second name is left out: no fix file can move all
 * its names at once.
 */
function isParted(servers: MemoryServers, file: string, parent: string): boolean {
  return servers.sites.some((site) => (servers.at(site, file)?.parent ?? parent) !== parent);
}

function isLinked(servers: MemoryServers, key: string): boolean {
  return servers.sites.some((site) => (servers.at(site, key)?.links ?? 1) > 1);
}

function text(servers: MemoryServers): string {
  return `text ${servers.now}`;
}

function pick<T>(all: readonly T[], which: number): T | undefined {
  return all[which % Math.max(1, all.length)];
}

/** All objects below one. */
export function reachable(servers: MemoryServers, site: number, from = ROOT): readonly string[] {
  const keys = [from];
  for (const key of keys)
    for (const child of servers.get(site, key).entries.values()) if (!keys.includes(child)) keys.push(child);
  return keys;
}

export interface History {
  readonly before: readonly Action[];
  /** How many servers are on the first side. */
  readonly cut: number;
  readonly sides: readonly (readonly Action[])[];
}

export const history: fc.Arbitrary<History> = fc.record({
  before: fc.array(action, { maxLength: 8 }),
  cut: fc.constantFrom(1, 2),
  sides: fc.tuple(
    fc.array(action, { minLength: 1, maxLength: 6 }),
    fc.array(action, { minLength: 1, maxLength: 6 }),
  ),
});

/** The servers after a history, with everything in view again. */
export function afterwards(servers: MemoryServers, { before, cut, sides }: History): void {
  for (const act of before) perform(servers, servers.sites, act);
  const groups = [servers.sites.slice(0, cut), servers.sites.slice(cut)];
  sides.forEach((acts, side) => {
    for (const act of acts) perform(servers, groups[side] ?? [], act);
  });
}
