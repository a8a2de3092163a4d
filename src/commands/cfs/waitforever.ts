import { ROOT, call } from '../../ipc/call.ts';
import { waitForever } from '../../ipc/calls/waitForever.ts';
import { realmOfPath } from '../../ipc/codaPath.ts';
import { NotCodaPathError } from '../../ipc/errors.ts';
import { textLength } from '../../ipc/text.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';

/** Bytes. Longer ones take a real venus down (spec/cfs.md, 3.6). */
const MAX_REALM = 64;

export const waitforever: Command = {
  usage: 'cfs waitforever [-on] [-off]',
  summary: 'choose whether your programs wait for servers that do not answer, or get an error',
  description: [
    'A realm may follow; without one it is that of the working directory. It counts for you and that realm, until venus ' +
      'starts again.',
  ],
  options: [
    { flags: '--on', summary: 'wait for servers' },
    { flags: '--off', summary: 'get an error: Connection timed out' },
  ],
  examples: ['cfs wf -on', 'cfs wf -off example.org'],
  words: { max: 1 },

  async run(context, [word], options) {
    const forever = options.flag('on');
    if (forever === options.flag('off')) throw new UsageError('it takes either -on or -off');
    await askOnce(context, 'VIOC_WAITFOREVER', async (venus) =>
      call(venus, waitForever, ROOT, { forever, realm: checkRealm(word ?? (await realmHere(context))) }),
    );
  },
};

/** The realm of the working directory: without one the setting would count for nothing (spec/cfs.md, Q8). */
async function realmHere(context: Context): Promise<string> {
  try {
    const realm = realmOfPath((await context.target('.')).path);
    if (realm !== undefined) return realm;
  } catch (error) {
    if (!(error instanceof NotCodaPathError)) throw error;
  }
  throw new UsageError('no realm is named', {
    why: 'It counts for one realm, and the working directory lies in none.',
    next: 'Name the realm: cfs waitforever -on example.org',
  });
}

/** @throws UsageError */
function checkRealm(realm: string): string {
  if (/^[^/\s\0]+$/.test(realm) && textLength(realm) <= MAX_REALM) return realm;
  throw new UsageError(`${realm} is not the name of a realm`);
}
