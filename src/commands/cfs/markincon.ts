import { type Pioctls, call } from '../../ipc/call.ts';
import { getFid } from '../../ipc/calls/getFid.ts';
import { setVersionVector } from '../../ipc/calls/setVersionVector.ts';
import { VenusError, isErrno } from '../../ipc/errors.ts';
import { shellWord } from '../../term/shellWord.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { dares, yesOption } from '../danger.ts';

/** Of a version vector: the object is in conflict (spec/cfs.md, 4.2). */
const INCONSISTENT = 0x1;

export const markincon: Command = {
  usage: 'cfs markincon <path> [<path> <path> ...]',
  summary: 'put objects into conflict on purpose, so that they are repaired or left alone',
  description: [
    'The servers keep what they have of it, and everybody sees a link that leads nowhere until somebody repairs it. To end it: ' +
      'repair, coda resolve.',
  ],
  options: [yesOption],
  examples: ['cfs markincon --yes broken.db'],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, paths, options) {
    const isDared = dares(context, 'this meddles with the version vector and can trash the object', options);
    const venus = await context.pioctls();
    for (const typed of isDared ? paths : []) {
      if (paths.length > 1 && !context.json) context.print(`${typed}\n`);
      await mark(context, venus, typed);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

async function mark(context: Context, venus: Pioctls, typed: string): Promise<void> {
  let label = 'VIOC_GETFID';
  try {
    const { path } = await context.target(typed);
    const { versionVector } = await call(venus, getFid, path, undefined);
    label = 'VIOC_SETVV';
    const flags = versionVector.flags | INCONSISTENT;
    await call(venus, setVersionVector, path, { ...versionVector, flags }).catch((error: unknown) => {
      throw notReplicated(error, typed);
    });
    context.succeed();
  } catch (error) {
    await context.fail(error, label, typed);
  }
}

/** The embedded venus refuses what repair could not end. */
function notReplicated(error: unknown, typed: string): unknown {
  if (!isErrno(error, 'EOPNOTSUPP')) return error;
  const why =
    'Its volume has one server, so that there is no other version to choose: nothing could end the conflict.';
  const next = `See which servers it has: cfs whereis ${shellWord(typed)}`;
  return new VenusError(error.errno, { why, next }, { cause: error });
}
