import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkPath,
  joinPath,
  realmOfPath,
  splitPath,
  toUserPath,
  toVenusPath,
} from '../../src/ipc/codaPath.ts';
import { BadPathError, NotCodaPathError } from '../../src/ipc/errors.ts';

const coda = { mountPoint: '/coda', workingDirectory: '/coda/r.org/usr' };

describe('a path that a user types becomes what venus wants', () => {
  test.each([
    ['/coda/r.org/x', '/r.org/x'],
    ['/coda/r.org/x/', '/r.org/x/'],
    ['/coda//r.org', '//r.org'],
    ['/coda', '/'],
    ['/coda/', '/'],
    ['.', '/r.org/usr/'],
    ['', '/r.org/usr/'],
    ['./x', '/r.org/usr/x'],
    ['././x', '/r.org/usr/./x'],
    ['./', '/r.org/usr/'],
    ['x', '/r.org/usr/x'],
    ['.x', '/r.org/usr/.x'],
    ['..', '/r.org/usr/..'],
    ['../x', '/r.org/usr/../x'],
    ['x/./y', '/r.org/usr/x/./y'],
    ['sp ace', '/r.org/usr/sp ace'],
    ['ä\udcff', '/r.org/usr/ä\udcff'],
  ])('%j is %j', (typed, path) => {
    expect(toVenusPath(typed, coda)).toBe(path);
  });

  test('the root is / when it is the working directory', () => {
    expect(toVenusPath('.', { mountPoint: '/coda', workingDirectory: '/coda' })).toBe('/');
    expect(toVenusPath('./r.org', { mountPoint: '/coda', workingDirectory: '/coda' })).toBe('/r.org');
  });

  test('the name of the mount point counts only as a whole component', () => {
    for (const typed of ['/codafoo/x', '/codafoo', '/cod', '/x/coda/r.org']) {
      expect(() => toVenusPath(typed, coda), typed).toThrow(NotCodaPathError);
    }
  });

  test('a path elsewhere is refused as the C tools refuse it, with the reason', () => {
    expect(() => toVenusPath('/tmp/x', coda)).toThrow(
      expect.objectContaining({
        message: 'Bad file descriptor',
        why: '/tmp/x does not lie in Coda, which is at /coda.',
        next: 'Name it as /coda/REALM/…, or set CODA_CWD for relative paths.',
      }),
    );
    const outside = { mountPoint: '/coda', workingDirectory: '/home/jan' };
    expect(() => toVenusPath('x', outside)).toThrow('Bad file descriptor');
    expect(() => toVenusPath('../../coda/r.org', outside)).toThrow(NotCodaPathError);
  });

  test('where Coda is mounted elsewhere, both its own place and /coda name it', () => {
    const view = { mountPoint: '/mnt/net/', workingDirectory: '/mnt/net/r.org' };
    expect(toVenusPath('/mnt/net/r.org/x', view)).toBe('/r.org/x');
    expect(toVenusPath('/mnt/net', view)).toBe('/');
    expect(toVenusPath('/coda/r.org/x', view)).toBe('/r.org/x');
    expect(toVenusPath('x', view)).toBe('/r.org/x');
    expect(() => toVenusPath('/mnt/network/x', view)).toThrow(NotCodaPathError);
  });
});

describe('a path that would overrun a buffer of a real venus is refused', () => {
  const long = (bytes: number) => `/coda${'/abcdefg'.repeat(200).slice(0, bytes)}`;

  test('1024 bytes may be sent, one more may not', () => {
    expect(toVenusPath(long(1024), coda)).toHaveLength(1024);
    expect(() => toVenusPath(long(1025), coda)).toThrow(BadPathError);
    expect(() => toVenusPath(long(1025), coda)).toThrow('File name too long');
  });

  test('a name may have 255 bytes, one more may not, wherever it stands', () => {
    expect(checkPath(`/${'n'.repeat(255)}/x`)).toBe(`/${'n'.repeat(255)}/x`);
    expect(() => checkPath(`/${'n'.repeat(256)}/x`)).toThrow(BadPathError);
    expect(() => checkPath(`/x/${'n'.repeat(256)}`)).toThrow(BadPathError);
  });

  test('bytes are counted, not characters', () => {
    expect(() => checkPath(`/${'ä'.repeat(128)}`)).toThrow(BadPathError);
    expect(checkPath(`/${'ä'.repeat(127)}`)).toHaveLength(128);
    expect(checkPath(`/${'\udcff'.repeat(255)}`)).toHaveLength(256);
    expect(() => checkPath('/ä'.repeat(342))).toThrow(BadPathError);
  });

  test('a NUL ends names in C, and is refused', () => {
    expect(() => toVenusPath('x\0y', coda)).toThrow(BadPathError);
    expect(() => toVenusPath('x\0y', coda)).toThrow('Invalid argument');
  });
});

describe('a path that venus names', () => {
  test.each([
    ['/coda/r.org/x', '/mnt', '/mnt/r.org/x'],
    ['/coda', '/mnt', '/mnt'],
    ['/coda/x', '/coda', '/coda/x'],
    ['/codafoo', '/mnt', '/codafoo'],
    ['<vol>/x', '/mnt', '<vol>/x'],
  ])('%j is seen below %j as %j', (path, mountPoint, seen) => {
    expect(toUserPath(path, mountPoint)).toBe(seen);
  });

  test('comes back when it is typed', () => {
    const component = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/[/\0]/.test(text));
    const mountPoint = fc.constantFrom('/coda', '/mnt', '/a/b');
    fc.assert(
      fc.property(fc.array(component, { minLength: 1, maxLength: 5 }), mountPoint, (parts, place) => {
        const path = `/${parts.join('/')}`;
        const typed = toUserPath(`/coda${path}`, place);
        expect(toVenusPath(typed, { mountPoint: place, workingDirectory: '/' })).toBe(path);
      }),
    );
  });
});

describe('an entry and its directory', () => {
  test.each([
    ['a/b', 'a', 'b'],
    ['a/b///', 'a', 'b'],
    ['/a/b', '/a', 'b'],
    ['b', '.', 'b'],
    ['b/', '.', 'b'],
    ['/b', '/', 'b'],
    ['', '.', ''],
    ['/', '.', ''],
    ['a/..', 'a', '..'],
  ])('%j is %j and %j', (path, directory, entry) => {
    expect(splitPath(path)).toEqual({ directory, entry });
  });

  test('are put together with one slash', () => {
    expect(joinPath('/a', 'b')).toBe('/a/b');
    expect(joinPath('/a//', 'b')).toBe('/a/b');
    expect(joinPath('/', 'b')).toBe('/b');
  });

  test('the first component is the realm; the root has none', () => {
    expect(realmOfPath('/r.org/usr')).toBe('r.org');
    expect(realmOfPath('//r.org')).toBe('r.org');
    expect(realmOfPath('/')).toBeUndefined();
    expect(realmOfPath('')).toBeUndefined();
  });
});
