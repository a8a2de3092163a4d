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
