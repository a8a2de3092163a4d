import { ROOT, call } from '../../ipc/call.ts';
import { lookaside as lookasideCall } from '../../ipc/calls/lookaside.ts';
import { textLength } from '../../ipc/text.ts';
import type { Command } from '../command.ts';
import { ExitStatus, UsageError } from '../exitStatus.ts';

/** Bytes of the request with its NUL; the C tool writes past its end (spec/cfs.md, Q4). */
const MAX_TEXT = 2048;

export const lookaside: Command = {
  usage: 'cfs lookaside [--clear] +/-<db1> +/-<db2> +/-<db3> ....\n       cfs lookaside --list\n',
  summary: 'name places on this machine that have files already, so that they are not fetched',
  description: [
    '+PATH adds a place, -PATH takes it out; paths are absolute. It counts until venus starts again.',
    'For a real venus a place is a database of checksums. For the embedded venus it is a directory: before a file is fetched, those ' +
      'of the same length below it are compared with the checksum (SHA-256) that the server tells, and one that has it is copied.',
  ],
  options: [
    { flags: '--clear', summary: 'take out all places first' },
    { flags: '--list', summary: 'show the places, and how often they helped' },
  ],
  examples: ['cfs lka +/media/cdrom', 'cfs lka --list', 'cfs lka --clear'],
  classicFailure: 0,
  prepare: placesLast,

  async run(context, places, options) {
    const flags = ['list', 'clear'].filter((name) => options.flag(name)).map((name) => `--${name}`);
    const words = [...flags, ...places];
    if (words.length === 0) throw new UsageError('something is missing');
    const text = words.map((word) => ` ${word}`).join('');
    if (textLength(text) >= MAX_TEXT) throw new UsageError('that is too much at once');
    try {
      const answer = await call(await context.pioctls(), lookasideCall, ROOT, text);
      const isDone = wasDone(answer);
      if (context.json) context.printJson({ lines: linesOf(answer), failures: context.failures });
      else context.print(answer);
      context.count(isDone ? ExitStatus.Done : ExitStatus.Failed, 0);
    } catch (error) {
      await context.fail(error, 'VIOC_LOOKASIDE');
      if (context.json) context.printJson({ lines: [], failures: context.failures });
    }
  },
};

/** What is to be taken out begins with one dash, as only an option does elsewhere. */
function placesLast(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => word.startsWith('+') || /^-[^-]/.test(word));
  return first < 0 ? words : [...words.slice(0, first), '--', ...words.slice(first)];
}

/** Venus answers no errno, whatever happened (spec/cfs.md, 6.5). */
function wasDone(answer: string): boolean {
  return linesOf(answer).every((line) =>
    / \(\d+ entries\)( \[.*\])?$|^All lkdbs removed$| removed$/.test(line),
  );
}

function linesOf(answer: string): readonly string[] {
  return answer.split('\n').filter((line) => line !== '');
}
