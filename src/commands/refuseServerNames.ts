import type { Context } from './context.ts';
import { UsageError } from './exitStatus.ts';

/**
 * For disconnect and reconnect: venus ignores the names that the C tool sends, and takes all servers (spec/cfs.md, Q14).
 * @param all the command for all servers
 * @param one the one for a single link of an embedded venus
 * @throws UsageError where servers are named
 */
export function refuseServerNames(
  context: Context,
  hosts: readonly string[],
  all: string,
  one: string,
): void {
  if (hosts.length === 0) return;
  const single = context.address().kind === 'socket' ? `; for one server: ${one}` : '';
  throw new UsageError('servers cannot be named here', {
    why: 'Venus does this with all of its servers or with none.',
    next: `If all of them are meant: ${all}${single}`,
  });
}
