import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRealm } from './support.ts';

/** Long, and nowhere else on this machine. */
const PASSWORD = 'Correct-Horse-Battery-4711';
const CHANGED = 'Staple-Of-Another-Kind-0815';

let realm: TestRealm;
const seen: string[] = [];
let watching = true;
let watcher: Promise<void>;

beforeAll(async () => {
  realm = await TestRealm.start();
  watcher = watch();
  await realm.ok('coda', ['realm', 'user', 'add', 'jan', '-pipe'], { input: `${PASSWORD}\n` });
  await realm.ok('clog', ['-pipe', '-tofile', join(realm.directory, 'jan.token'), 'jan@test.realm'], {
    input: `${PASSWORD}\n`,
  });
  await realm.run('clog', ['-pipe', 'jan@test.realm'], { input: `${PASSWORD}x\n` });
  await realm.ok('cpasswd', ['jan@test.realm'], { input: `${PASSWORD}\n${CHANGED}\n${CHANGED}\n` });
  await realm.run('cpasswd', ['jan@test.realm'], { input: `${PASSWORD}\n${CHANGED}\n${CHANGED}\n` });
  watching = false;
  await watcher;
});
afterAll(() => realm.end());

/** Looks at the command lines and environments of all processes, as `ps auxe` does, again and again. */
async function watch(): Promise<void> {
  while (watching) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      for (const file of ['cmdline', 'environ']) seen.push(readOrNothing(`/proc/${pid}/${file}`));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('a password', () => {
  it('is in no command line and no environment, while the tools run', () => {
    expect(seen.some((text) => text.includes('clog'))).toBe(true);
    expect(seen.filter((text) => text.includes(PASSWORD) || text.includes(CHANGED))).toEqual([]);
  });

  it('is in no file, no log and no store', () => {
    const files = filesBelow(realm.directory);
    expect(files.some((file) => file.endsWith('data.mdb'))).toBe(true);
    expect(files.some((file) => file.endsWith('venus.log'))).toBe(true);
    for (const file of files) {
      const text = readFileSync(file, 'latin1');
      expect({ file, found: text.includes(PASSWORD) || text.includes(CHANGED) }).toEqual({
        file,
        found: false,
      });
    }
  });

  it('is not in what a failed login prints', async () => {
    const finished = await realm.run('clog', ['-pipe', 'jan@test.realm'], { input: `${PASSWORD}\n` });
    expect(finished.status).toBe(7);
    expect(finished.stdout + finished.stderr).not.toContain(PASSWORD);
  });
});

describe('what venus keeps', () => {
  it('can be read by nobody else', () => {
    for (const file of filesBelow(realm.data)) {
      const privateFile = (statSync(file).mode & 0o077) === 0;
      const privateDirectory = (statSync(realm.data).mode & 0o077) === 0;
      expect({ file, kept: privateFile || privateDirectory }).toEqual({ file, kept: true });
    }
  });
});
