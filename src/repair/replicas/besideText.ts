import { printable } from '../../term/printable.ts';
import type { NameConflict } from './differences.ts';
import { fidKey } from './replica.ts';

/** Asks whether objects by one name are kept under several. @param moved the new names, by objects */
export function besideText({ holders }: NameConflict, moved: ReadonlyMap<string, string>): string {
  const names = [...moved].map(([object, name]) => {
    const servers = holders
      .filter(({ status }) => fidKey(status.fid) === object)
      .map(({ replica }) => printable(replica.server));
    return `that of ${servers.join(', ')} as ${printable(name)}`;
  });
  return `Keep both, ${names.join(' and ')}?  [yes] `;
}
