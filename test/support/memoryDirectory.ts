import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A directory in memory where there is one, for tests with many small transactions in which nothing dies: on a disk, each
 * would wait for it. Whoever makes it removes it.
 */
export function makeMemoryDirectory(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'coda-test-'));
}
