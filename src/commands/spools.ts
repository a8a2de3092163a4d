import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { spoolsOfClients } from '../cml/findCheckpoints.ts';
import { readConfiguration } from '../ipc/venusConf.ts';
import type { Context } from './context.ts';

/** Where real venus keeps its checkpoints unless venus.conf says otherwise (spec/cml.md, 5.2). */
const CLASSIC_SPOOLS = ['/usr/coda/spool', '/var/lib/coda/spool'];

/** Where a real venus of this machine may have written checkpoints, the configured place first. */
export function classicSpools({ surroundings }: Context): readonly string[] {
  const configuration = Object.entries<string | undefined>({
    ...readConfiguration(['venus.conf'], surroundings.env),
  });
  const configured = configuration.flatMap(([key, value]) =>
    key === 'checkpointdir' && value ? [value] : [],
  );
  return [...configured, ...CLASSIC_SPOOLS];
}

/** Where checkpoints may be: of the embedded venus, whose data directory is as `coda up` chooses it, and of a real one. */
export async function allSpools(context: Context, data?: string): Promise<readonly string[]> {
  const { env } = context.surroundings;
  const home = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  const clients = await spoolsOfClients(resolve(data ?? join(home, 'coda')));
  return [...clients, ...classicSpools(context)];
}
