import { mkdirSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/ipc/errors.ts';
import { socketDirectory } from '../../../src/venus/nodes/socketDirectory.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const path = useTemporaryDirectory();
const uid = process.getuid?.() ?? 0;

function data(name: string): string {
  mkdirSync(path(name), { recursive: true });
  return path(name);
}

const find = (directory: string, runtime: string) =>
  socketDirectory(directory, uid, { servers: ['s1'], clients: ['laptop'] }, { XDG_RUNTIME_DIR: runtime });

describe('the directory in which the nodes listen for each other', () => {
  it('is run in the data directory, for its owner only', () => {
    const directory = find(data('data'), path('runtime'));
    expect(directory).toBe(path('data', 'run'));
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('is in the runtime directory where that is too long, another one for each data directory', () => {
    const [one, other] = [data('d'.repeat(90)), data('e'.repeat(90))];
    const directory = find(one, path('runtime'));
    expect(directory.startsWith(path('runtime', 'coda', ''))).toBe(true);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(find(one, path('runtime'))).toBe(directory);
    expect(find(other, path('runtime'))).not.toBe(directory);
  });

  it('cannot be had where both are too long', () => {
    expect(() => find(data('d'.repeat(90)), path('r'.repeat(90)))).toThrow(ConfigurationError);
  });

  it('is not one that others can enter', () => {
    const directory = data('data');
    mkdirSync(path('data', 'run'), { mode: 0o755 });
    expect(() => find(directory, path('runtime'))).toThrow(/not a private directory/);
  });
});
