import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfiguration, readConfiguration } from '../../src/ipc/venusConf.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

describe('a configuration file', () => {
  test.each([
    ['name=value', [['name', 'value']]],
    ['realm="r.org"', [['realm', 'r.org']]],
    ["realm='r.org'", [['realm', 'r.org']]],
    ['realm="r.org', [['realm', 'r.org']]],
    [`realm=""r.org''`, [['realm', `"r.org'`]]],
    ['  realm=r.org', [['realm', 'r.org']]],
    ['realm \t=r.org', [['realm', 'r.org']]],
    ['realm=a b', [['realm', 'a b']]],
    ['realm=a=b', [['realm', 'a=b']]],
    ['realm=a#b', [['realm', 'a#b']]],
    ['mountpoint=/coda/', [['mountpoint', '/coda/']]],
    ['# realm=r.org', []],
    ['   # realm=r.org', []],
    ['', []],
    ['no sign of equality', []],
    ['realm= r.org', []],
    ['realm=\tr.org', []],
    ['=r.org', []],
  ])('%j says %j', (text, entries) => {
    expect([...parseConfiguration(text)]).toEqual(entries);
  });

  test('goes on after a bad line; of several definitions the last one counts', () => {
    const text = 'realm=one\nbad\nrealm= bad\n\n#realm=three\nmountpoint=/mnt\nrealm=two\n';
    expect([...parseConfiguration(text)]).toEqual([
      ['realm', 'two'],
      ['mountpoint', '/mnt'],
    ]);
  });
});

describe('looking for configuration files', () => {
  const temporary = useTemporaryDirectory();

  function file(directory: string, name: string, text: string): void {
    mkdirSync(temporary(directory), { recursive: true });
    writeFileSync(temporary(directory, name), text);
  }

  const path = (...directories: readonly string[]) => ({
    CODACONFPATH: directories.map((directory) => temporary(directory)).join(':'),
  });

  test('takes the first one in the directories of CODACONFPATH', () => {
    file('two', 'venus.conf', 'realm=two\n');
    file('three', 'venus.conf', 'realm=three\nmountpoint=/three\n');
    expect(readConfiguration(['venus.conf'], path('one', 'two', 'three'))).toEqual({ realm: 'two' });
  });

  test('passes over what cannot be read, and empty parts of CODACONFPATH', () => {
    mkdirSync(temporary('one', 'venus.conf'), { recursive: true });
    file('two', 'venus.conf', 'realm=two\n');
    const env = { CODACONFPATH: `:${path('one', 'two').CODACONFPATH}:` };
    expect(readConfiguration(['venus.conf'], env)).toEqual({ realm: 'two' });
  });

  test('merges files of several names; what is read later wins', () => {
    file('one', 'venus.conf', 'realm=venus\nmountpoint=/mnt\n');
    file('two', 'auth2.conf', 'realm=auth2\n');
    expect(readConfiguration(['venus.conf', 'auth2.conf'], path('one', 'two'))).toEqual({
      realm: 'auth2',
      mountpoint: '/mnt',
    });
  });

  test('finds nothing where there is none', () => {
    expect(readConfiguration(['venus.conf'], path('one'))).toEqual({});
    expect(readConfiguration(['venus.conf'], { CODACONFPATH: '' })).toEqual({});
  });
});
