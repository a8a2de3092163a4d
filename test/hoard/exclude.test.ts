import { describe, expect, test } from 'vitest';
import { BadGlobError, excluder } from '../../src/hoard/exclude.ts';

describe('a glob without a slash is about the name', () => {
  test.each([
    ['*.o', 'main.o', true],
    ['*.o', 'src/deep/main.o', true],
    ['*.o', 'main.old', false],
    ['core', 'a/core', true],
    ['core', 'a/core.c', false],
    ['?', 'a/b', true],
    ['?', 'a/bc', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[!a-c]x', 'dx', true],
    ['[]]', ']', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['*', '.hidden', true],
    ['*a*a*', 'banana', true],
    ['**', 'anything', true],
    ['ü?', 'ü€', true],
  ])('%s and %s: %s', (glob, path, fits) => {
    expect(excluder([glob])(path, false)).toBe(fits);
  });
});

describe('a glob with a slash is about the whole path below the entry', () => {
  test.each([
    ['/build', 'build', true],
    ['/build', 'src/build', false],
    ['src/*.o', 'src/a.o', true],
    ['src/*.o', 'src/deep/a.o', false],
    ['src/*.o', 'old/src/a.o', false],
    ['src/**/*.o', 'src/a.o', true],
    ['src/**/*.o', 'src/deep/er/a.o', true],
    ['**/tmp', 'tmp', true],
    ['**/tmp', 'a/b/tmp', true],
    ['**/tmp', 'a/xtmp', false],
    ['**/**/b', 'x/y/b', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'ab/c', false],
    ['a[/]b', 'a/b', false],
  ])('%s and %s: %s', (glob, path, fits) => {
    expect(excluder([glob])(path, false)).toBe(fits);
  });
});

test('a slash at the end asks for a directory', () => {
  const excludes = excluder(['cache/']);
  expect(excludes('a/cache', true)).toBe(true);
  expect(excludes('a/cache', false)).toBe(false);
});

test('what one of several globs fits is left out', () => {
  const excludes = excluder(['*.o', '*.a']);
  expect(['x.o', 'x.a', 'x.c'].map((name) => excludes(name, false))).toEqual([true, true, false]);
  expect(excluder([])('x', false)).toBe(false);
});

test.each(['', '/', '[', 'a[b', '\\', '[z-a]'])('%j is no glob', (glob) => {
  expect(() => excluder([glob])).toThrow(BadGlobError);
});

test('many stars take no longer than few', () => {
  const excludes = excluder([`${'*a'.repeat(60)}b`]);
  const before = performance.now();
  expect(excludes('a'.repeat(250), false)).toBe(false);
  expect(performance.now() - before).toBeLessThan(2000);
});
