import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './systemCode.ts';

/**
 * Makes a directory that only its owner can enter, with those above it, if it is not there yet. What is kept in it
 * would be lost with its name, so each name is on the disk before the next is made.
 * @param path in bytes where it is not known to be UTF-8
 */
export async function makeDirectory(path: string | Buffer): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || isTop(path)) throw error;
    await makeDirectory(above(path));
    await makeOne(path);
  }
}

/** Brings the names in a directory to the disk. */
export async function syncDirectory(path: string | Buffer): Promise<void> {
  const handle = await fs.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeOne(path: string | Buffer): Promise<void> {
  try {
    await fs.mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    throw error;
  }
  await syncDirectory(above(path));
}

function above(path: string | Buffer): string | Buffer {
  return typeof path === 'string' ? dirname(path) : Buffer.from(dirname(path.toString('latin1')), 'latin1');
}

function isTop(path: string | Buffer): boolean {
  return above(path).toString('latin1') === path.toString('latin1');
}
