import type * as fs from 'node:fs';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { chooseVenus } from '../../src/ipc/address.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

/** Directories that shall look as a mounted Coda does. */
const mounted = vi.hoisted(() => new Set<string>());

// Only a kernel with Coda's module has such a file system.
vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const statfsSync = (path: string) => (mounted.has(path) ? { type: 0x73757245 } : real.statfsSync(path));
  return { ...real, statfsSync };
});

const temporary = useTemporaryDirectory();

test('a mounted Coda is taken before the embedded venus: where venus.conf has it', () => {
  const directory = temporary('net');
  const env = { CODACONFPATH: temporary(), XDG_RUNTIME_DIR: temporary('run') };
  writeFileSync(temporary('venus.conf'), `mountpoint=${directory}\n`);
  const socket = { kind: 'socket', path: temporary('run/coda/venus.sock') };
  expect(chooseVenus(undefined, { env, uid: 0 })).toEqual(socket);
  mkdirSync(directory);
  expect(chooseVenus(undefined, { env, uid: 0 })).toEqual(socket);
  mounted.add(directory);
  expect(chooseVenus(undefined, { env, uid: 0 })).toEqual({ kind: 'mount', directory });
  expect(chooseVenus('unix:/x.sock', { env, uid: 0 })).toEqual({ kind: 'socket', path: '/x.sock' });
});
