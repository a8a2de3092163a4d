import { close, open, read, unlink, write } from 'node:fs';
import { errnoOfCode } from '../errno.ts';
import { ProtocolError, VenusError, VenusUnavailableError } from '../errors.ts';
import { MAX_OUTPUT, type PioctlReply, type PioctlRequest, decodeReply, encodeRequest } from '../framing.ts';
import { blocking } from '../blockingCalls.ts';

/** Header and body of the longest reply, and one byte to see that there is more. */
const BUFFER_SIZE = 128 + MAX_OUTPUT + 1;

/** A name that venus conjures in the root of the mount: `...PIOCTL.` and eight hexadecimal digits. */
export function pioctlFileName(random: () => number): string {
  const id = Math.floor(random() * 2 ** 32);
  return `...PIOCTL.${id.toString(16).padStart(8, '0')}`;
}

/**
 * Runs one pioctl by a file that is not used again (spec/cfs.md, 3.3 and 3.4): written and closed, it is
 * executed by opening it for reading. That open may block for as long as venus likes; it fails with venus's errno
 * where the path cannot be resolved.
 * @param file absolute path of the pioctl file
 * @throws VenusUnavailableError, VenusError, ProtocolError
 */
export async function runPioctlFile(file: string, request: PioctlRequest): Promise<PioctlReply> {
  const frame = encodeRequest(request);
  await writeRequest(file, frame);
  const answer = await readAnswer(file);
  if (Buffer.compare(answer, frame) === 0) {
    await blocking<null>((done) => unlink(file, (error) => done(error, null)));
    throw unavailable(file, 'The request came back as it was written: this is an ordinary directory.');
  }
  const decoded = decodeReply(answer, MAX_OUTPUT);
  if (!decoded) throw new ProtocolError(`the answer of venus is cut short after ${answer.length} bytes`);
  return decoded.reply;
}

async function writeRequest(file: string, frame: Uint8Array): Promise<void> {
  try {
    const fd = await blocking<number>((done) => open(file, 'w', 0o600, done));
    try {
      const written = await blocking<number>((done) => write(fd, frame, done));
      if (written !== frame.length) throw new ProtocolError('the request could not be written whole');
    } finally {
      await closeFile(fd);
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw unavailable(file, `The request file could not be written: ${systemText(error)}.`, error);
  }
}

async function readAnswer(file: string): Promise<Uint8Array> {
  const buffer = new Uint8Array(BUFFER_SIZE);
  let length = 0;
  try {
    const fd = await blocking<number>((done) => open(file, 'r', done));
    try {
      for (;;) {
        const count = await blocking<number>((done) =>
          read(fd, buffer, length, BUFFER_SIZE - length, null, done),
        );
        length += count;
        if (count === 0 || length === BUFFER_SIZE) break;
      }
    } finally {
      await closeFile(fd);
    }
  } catch (error) {
    throw asVenusError(error);
  }
  return buffer.subarray(0, length);
}

function closeFile(fd: number): Promise<null> {
  return blocking((done) => close(fd, (error) => done(error ?? null, null)));
}

/** The errno of the second open is venus's own answer. */
function asVenusError(error: unknown): Error {
  const number = error instanceof Error ? systemErrno(error) : undefined;
  return number === undefined
    ? new ProtocolError('the answer of venus could not be read')
    : new VenusError(number);
}

function systemErrno(error: NodeJS.ErrnoException): number | undefined {
  return (
    (error.code ? errnoOfCode(error.code) : undefined) ??
    (error.errno === undefined ? undefined : -error.errno)
  );
}

function systemText(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^[A-Z0-9]+: |, \w+ '.*$/g, '') : String(error);
}

function unavailable(file: string, why: string, cause?: unknown): VenusUnavailableError {
  const directory = file.slice(0, file.lastIndexOf('/'));
  return new VenusUnavailableError(
    `${directory}: no venus answers there`,
    {
      why,
      next: `Check that Coda is mounted at ${directory} and that venus runs, or start one of your own with: coda up`,
    },
    { cause },
  );
}
