import { VenusError } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { RefusedRecord } from '../../net/fileProtocol.ts';
import { type SentMutation, directoriesOf, isMaking } from '../../net/mutation.ts';
import type { Writer } from '../../store/database.ts';
import { apply, certify } from '../../tree/apply.ts';
import type { Identity } from '../../tree/identity.ts';
import type { Vnodes } from '../../tree/vnodes.ts';

/** Ends the transaction in which a log was tried, so that nothing of it stays. */
class Tried extends Error {
  readonly refused: readonly RefusedRecord[];

  constructor(refused: readonly RefusedRecord[]) {
    super('tried');
    this.refused = refused;
  }
}

/**
 * Performs a modify log for trial. A record that is refused is passed over, and with it all that need what it would
 * have made: they wait behind it, and are not in conflict themselves.
 */
export async function certifyLog(
  vnodes: Vnodes,
  identity: Identity,
  records: readonly SentMutation[],
  isPerformed: (record: SentMutation) => boolean,
): Promise<readonly RefusedRecord[]> {
  try {
    return await vnodes.database.transaction((writer): never => {
      const waiting = records.map((record) => (isPerformed(record) ? undefined : record));
      throw new Tried(tryAll(vnodes, writer, identity, waiting));
    });
  } catch (error) {
    if (error instanceof Tried) return error.refused;
    throw error;
  }
}

function tryAll(
  vnodes: Vnodes,
  writer: Writer,
  identity: Identity,
  records: readonly (SentMutation | undefined)[],
): readonly RefusedRecord[] {
  const refused: RefusedRecord[] = [];
  const unmade = new Set<string>();
  for (const [index, record] of records.entries()) {
    if (!record) continue;
    const { storeId, time, mutation, base } = record;
    const needed = isMaking(mutation) ? directoriesOf(mutation) : [...directoriesOf(mutation), mutation.fid];
    if (needed.some((fid) => unmade.has(text(fid)))) {
      if (isMaking(mutation)) unmade.add(text(mutation.fid));
      continue;
    }
    try {
      certify({ vnodes, identity, storeId }, mutation, base);
      const contents =
        mutation.op === 'store' ? { length: mutation.length, container: undefined } : undefined;
      apply({ vnodes, writer, identity, storeId, now: time }, mutation, contents);
    } catch (error) {
      if (!(error instanceof VenusError)) throw error;
      refused.push({ index, errno: error.errno, why: error.why });
      if (isMaking(mutation)) unmade.add(text(mutation.fid));
    }
  }
  return refused;
}

function text({ vnode, unique }: Fid): string {
  return `${vnode}.${unique}`;
}
