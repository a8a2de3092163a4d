import { describe, expect, test } from 'vitest';
import { BadEntryError, mountEntry } from '../../src/commands/mountEntry.ts';

describe('a mount point', () => {
  test.each([
    { typed: 'usr/jan', directory: 'usr', entry: 'jan' },
    { typed: '/coda/r.org/usr/jan', directory: '/coda/r.org/usr', entry: 'jan' },
    { typed: 'jan', directory: '.', entry: 'jan' },
    { typed: '/coda', directory: '/', entry: 'coda' },
    { typed: 'usr/jan///', directory: 'usr', entry: 'jan' },
    { typed: '../jan', directory: '..', entry: 'jan' },
    { typed: '...', directory: '.', entry: '...' },
    { typed: 'a/.hidden', directory: 'a', entry: '.hidden' },
  ])('$typed is $entry in $directory', ({ typed, directory, entry }) => {
    expect(mountEntry(typed)).toEqual({ directory, entry });
  });

  test.each(['', '/', '//', '.', '..', 'usr/.', 'usr/..', 'usr/../', './'])('cannot be %j', (typed) => {
    expect(() => mountEntry(typed)).toThrow(BadEntryError);
    expect(() => mountEntry(typed)).toThrow('Invalid argument');
  });
});
