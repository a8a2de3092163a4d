import { randomInt } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { systemCode } from '../../disk/systemCode.ts';
import { encodeText } from '../../ipc/text.ts';

/** Of names made as mkstemp does. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Characters written at a time. */
const CHUNK = 64 * 1024;

/**
 * Writes what is longer than a reply to a file that the caller reads and removes (spec/cfs.md, 6.5 and 6.8). A part of it
 * is not left behind.
 * @param kind `listlocal` or `listcache`
 * @returns the name of the file
 */
export async function writeListing(
  kind: string,
  parts: AsyncIterable<string> | Iterable<string>,
): Promise<string> {
  const { name, file } = await newListing(kind);
  try {
    await writeParts(file, parts);
  } catch (error) {
    await fs.rm(name, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return name;
}

async function writeParts(
  file: fs.FileHandle,
  parts: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  let text = '';
  for await (const part of parts) {
    text += part;
    if (text.length < CHUNK) continue;
    await file.writeFile(encodeText(text));
    text = '';
  }
  await file.writeFile(encodeText(text));
}

/** A file of our own with a name of the classic form, which ends in six letters or digits. */
async function newListing(kind: string): Promise<{ readonly name: string; readonly file: fs.FileHandle }> {
  for (;;) {
    const random = Array.from({ length: 6 }, () => DIGITS.charAt(randomInt(DIGITS.length)));
    const name = `/tmp/${kind}-${random.join('')}`;
    try {
      return { name, file: await fs.open(name, 'wx', 0o600) };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
}
