import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { errno } from '../../src/ipc/errno.ts';
import { CodaError, VenusError } from '../../src/ipc/errors.ts';
import { errorMessage, writeError } from '../../src/term/errorMessage.ts';
import { RecordingTerminal } from '../support/recordingTerminal.ts';

class WholeLineError extends CodaError {
  readonly code = 'whole-line';
  override readonly unlabelled = true;
}

const advice = { why: 'It is locked.', next: 'Knock.' };

describe('the message of an error', () => {
  test('has the label before its text, and the advice apart', () => {
    expect(errorMessage(new VenusError(errno('EACCES'), advice), 'usr/jan')).toEqual({
      what: 'usr/jan: Permission denied',
      ...advice,
    });
  });

  test('has no label where the text is a whole line', () => {
    expect(errorMessage(new WholeLineError('Invalid login.', advice), 'clog').what).toBe('Invalid login.');
  });

  test('is that of any error, or of what was thrown instead of one', () => {
    const nothing = { why: undefined, next: undefined };
    expect(errorMessage(new Error('broken'), 'x')).toEqual({ what: 'x: broken', ...nothing });
    expect(errorMessage('thrown', 'x')).toEqual({ what: 'x: thrown', ...nothing });
    expect(errorMessage(undefined, 'x')).toEqual({ what: 'x: undefined', ...nothing });
  });
});

describe('an error is written', () => {
  const evil = { what: 'a\u001b[2J: no\nreally', why: 'b\u001b[2J', next: 'rm c\u001b[2J' };

  /** What a person sees on a terminal, but for colours of our own. */
  async function onTerminal(message: Parameters<typeof writeError>[1]): Promise<string> {
    const terminal = new RecordingTerminal({ err: true });
    await writeError(terminal, message);
    return stripVTControlCharacters(terminal.stderr);
  }

  test('to a script as the classic line alone, to the byte', async () => {
    const terminal = new RecordingTerminal({ out: true, in: true });
    await writeError(terminal, evil);
    expect(terminal.stderr).toBe('a\u001b[2J: no\nreally\n');
    expect(terminal.stdout).toBe('');
  });

  test('to a person with the reason and the next step', async () => {
    expect(await onTerminal({ what: 'x: no', ...advice })).toBe(
      'x: no\n  why:  It is locked.\n  next: Knock.\n',
    );
  });

  test('to a person without lines for what is not known', async () => {
    expect(await onTerminal({ what: 'x: no', why: undefined, next: undefined })).toBe('x: no\n');
    expect(await onTerminal({ what: 'x: no', why: undefined, next: 'Knock.' })).toBe(
      'x: no\n  next: Knock.\n',
    );
  });

  test('to a person without what names could do to the terminal', async () => {
    expect(await onTerminal(evil)).toBe('a\\x1b[2J: no\nreally\n  why:  b\\x1b[2J\n  next: rm c\\x1b[2J\n');
  });
});
