import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach } from 'vitest';

/** A name as venus makes it, with something in it that only this process has. */
export function listingName(kind = 'listlocal'): string {
  const random = Math.floor(Math.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
  return `/tmp/${kind}-${random}`;
}

/**
 * Makes listings as venus leaves them in /tmp, which is where they have to be; what is left of them goes after each test.
 * @returns makes one with these contents, by this name, which nothing may have yet; gives the name
 */
export function useListings(): (contents: string | Uint8Array, name?: string) => string {
  const made: string[] = [];
  afterEach(() => {
    for (const name of made.splice(0)) rmSync(name, { force: true });
  });
  return (contents, name = listingName()) => {
    const file = openSync(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    made.push(name);
    try {
      writeFileSync(file, contents);
    } finally {
      closeSync(file);
    }
    return name;
  };
}
