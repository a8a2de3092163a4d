import { call } from '../../ipc/call.ts';
import { listLocal } from '../../ipc/calls/listLocal.ts';
import { RepairAction } from '../../ipc/calls/repairCommand.ts';
import { CodaError, TimeLimitError, VenusError, isErrno } from '../../ipc/errors.ts';
import { type Listing, ListingError, openListing } from '../../ipc/listingFile.ts';
import { decodeText } from '../../ipc/text.ts';
import { formatJson } from '../../term/json.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { parseLogLine } from '../logLine.ts';

const NEWLINE = 0x0a;
const LABEL = 'VIOC_REP_CMD(REP_CMD_LIST)';

export const listlocal: Command = {
  usage: 'cfs listlocal <path>',
  summary: 'show the modify log of the volume that a path lies in: what is not on the servers yet',
  description: [
    'One line for each entry, oldest first, and one that counts them. While another user owns the log, venus answers only ' +
      'when it is empty.',
  ],
  examples: ['cfs listlocal .', 'cfs listlocal . | grep -c "^Store"'],
  words: { min: 1, max: 1 },

  async run(context, [typed = '']) {
    const listing = await ask(context, typed);
    if (!listing) return;
    if (!listing.removed) context.terminal.err(`${listing.file} could not be removed\n`);
    if (print(context, listing)) context.succeed();
    else await context.fail(new IncompleteListingError(), LABEL, typed);
  },
};

/** @returns undefined if it failed, which is reported */
async function ask(context: Context, typed: string): Promise<Listing | undefined> {
  const venus = await context.pioctls();
  try {
    const { path } = await context.target(typed);
    const name = await call(venus, listLocal, path, { action: RepairAction.List });
    return openListing(name, 'listlocal', context.surroundings.uid);
  } catch (error) {
    // The C tool goes on, and ends with 0, where the file cannot be opened.
    await context.fail(
      ownedByAnother(error, typed),
      LABEL,
      typed,
      error instanceof ListingError ? 0 : undefined,
    );
    return undefined;
  }
}

/** Nobody can list the log of another user: venus waits until it is empty (spec/cml.md, 3). */
function ownedByAnother(error: unknown, typed: string): unknown {
  const advice = {
    why: 'The volume is busy, or another user has unsent changes in it: only he can list them.',
    next: `See whose they are: coda doctor ${typed}`,
  };
  if (error instanceof TimeLimitError) return new TimeLimitError(error.message, advice, { cause: error });
  return isErrno(error, 'EAGAIN') ? new VenusError(error.errno, advice, { cause: error }) : error;
}

/** The log ends with the number of its entries: without it the listing is a part of it. */
class IncompleteListingError extends CodaError {
  readonly code = 'incomplete-listing';

  constructor() {
    super('the listing is not complete', {
      why: 'Its last line is missing. Perhaps there was no room left in /tmp.',
      next: 'Make room in /tmp and list it again.',
    });
  }
}

/** Streams: a log may have any number of entries. @returns whether its last line was there */
function print(context: Context, listing: Listing): boolean {
  let complete = false;
  for (const lines of listing.lines()) {
    const last = decodeText(lines.subarray(lines.lastIndexOf(NEWLINE, -2) + 1));
    complete = last.endsWith('\n') && 'logEntries' in parseLogLine(last.slice(0, -1));
    printLines(context, lines);
  }
  return complete;
}

function printLines(context: Context, lines: Uint8Array): void {
  if (context.json) {
    const texts = decodeText(lines).replace(/\n$/, '').split('\n');
    // Written at once: a system call for each line would take most of the time.
    context.terminal.out(texts.map((text) => formatJson(parseLogLine(text), 0)).join(''));
  } else if (context.terminal.outIsTerminal) context.print(decodeText(lines));
  else context.terminal.outBytes(lines);
}
