import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, textPayload } from '../codec.ts';
import { ProtocolError } from '../errors.ts';

/** What repairCommand can be told to do (spec/cfs.md, 6.8). */
export const RepairAction = {
  Begin: 1,
  End: 2,
  /** Says what the first entry of the modify log is, and whether it is in conflict. */
  CheckFirst: 3,
  PreserveFirst: 4,
  PreserveAll: 5,
  DiscardFirst: 6,
  /** Real venus refuses it with EOPNOTSUPP; purgeLog does it. */
  DiscardAll: 7,
  /** Answers the name of a temporary file, which the caller reads and removes: src/ipc/listingFile.ts. */
  List: 8,
} as const;

export interface RepairRequest {
  /** One of RepairAction; others survive as numbers, and real venus ignores them. */
  readonly action: number;
  /** Only for Begin and End, and only as the repair tool sends it. */
  readonly argument?: number;
}

const WHAT = 'repair command';

/**
 * Decimal text and its NUL. Real venus aborts at a text that does not begin with a number (spec/cml.md, 8, 10), so that
 * nothing else is ever sent.
 */
const repairRequest: Codec<RepairRequest> = {
  encode: ({ action, argument }) => {
    const numbers = argument === undefined ? [action] : [action, argument];
    if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0))
      throw new ProtocolError(`${WHAT}: ${numbers.join(' ')} are no numbers of a command`);
    return new ByteWriter().cString(numbers.join(' ')).finish();
  },
  decode: (bytes) => {
    const text = new ByteReader(bytes, WHAT).cString();
    const [, action, argument] = /^(\d{1,9})(?: (\d{1,9}))?$/.exec(text) ?? [];
    if (action === undefined) throw new ProtocolError(`${WHAT}: the text is no command`);
    return { action: Number(action), ...(argument === undefined ? {} : { argument: Number(argument) }) };
  },
};

/**
 * Looks at or changes the modify log of the volume that a path lies in, or of an expanded object's. Enters the volume as
 * somebody who changes it does, so that it waits while another user owns the log (spec/cml.md, 3). EOPNOTSUPP for a
 * volume that is not read-write; EINVAL where there is nothing to discard.
 */
export const repairCommand = defineCall({
  name: 'repair command',
  opcode: 244,
  follow: true,
  request: repairRequest,
  reply: textPayload('repair command reply'),
});
