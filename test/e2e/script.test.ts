import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRealm, bin, run } from './support.ts';

/** A job as cron runs it: nothing in its environment, no terminal, stopped by the first failure. */
const SCRIPT = `#!/usr/bin/env -S -i /bin/sh
set -e
PATH=BIN:NODE:/usr/bin:/bin
CODA_VENUS=unix:SOCKET
CODA_UID=UID_HERE
export PATH CODA_VENUS CODA_UID
clog -pipe --if-needed 2h USER@test.realm < TEMPORARY/PASSWORD
ctokens @test.realm --min-valid MINIMUM > /dev/null
cfs la DIRECTORY > /dev/null
cfs sa DIRECTORY jan RIGHTS
echo done
`;

let realm: TestRealm;
let nextUid = 3000;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('raiff', '--administrator');
  await realm.addUser('jan');
  await realm.login('raiff');
  await realm.ok('coda', ['mkdir', 'dir']);
  for (const [file, password] of [
    ['right', 'raiffraiff'],
    ['jan', 'janjan'],
    ['wrong', 'guess'],
  ] as const) {
    writeFileSync(join(realm.directory, file), `${password}\n`, { mode: 0o600 });
  }
});
afterAll(() => realm.end());

/** Runs the script with some parts replaced. */
async function job(parts: Readonly<Record<string, string>> = {}) {
  const values: Readonly<Record<string, string>> = {
    BIN: bin,
    NODE: join(process.execPath, '..'),
    SOCKET: realm.socket,
    UID_HERE: String(nextUid++),
    USER: 'raiff',
    TEMPORARY: realm.directory,
    PASSWORD: 'right',
    MINIMUM: '1h',
    DIRECTORY: '/coda/test.realm/dir',
    RIGHTS: 'rl',
    ...parts,
  };
  const text = Object.entries(values).reduce(
    (script, [name, value]) => script.replaceAll(name, value),
    SCRIPT,
  );
  const file = join(realm.directory, `job-${values['UID_HERE']}`);
  writeFileSync(file, text);
  chmodSync(file, 0o700);
  return run('/usr/bin/setsid', ['-w', '/usr/bin/env', '-i', '/bin/sh', file], { cwd: '/' });
}

describe('a script in an empty environment, without a terminal, under set -e', () => {
  it('does its work', async () => {
    expect(await job()).toMatchObject({ status: 0, stdout: 'done\n', stderr: '' });
    expect(await realm.ok('cfs', ['la', 'dir'])).toContain('                 jan  rl      \n');
  });

  const failures: readonly Failure[] = [
    { failure: 'no venus', parts: { SOCKET: '/nowhere/venus.sock' }, status: 3 },
    { failure: 'a wrong password', parts: { PASSWORD: 'wrong' }, status: 7 },
    { failure: 'an unknown user', parts: { USER: 'nobody' }, status: 1 },
    { failure: 'a token that does not live long enough', parts: { MINIMUM: '26h' }, status: 4 },
    { failure: 'a directory that is not there', parts: { DIRECTORY: '/coda/test.realm/nosuch' }, status: 1 },
    { failure: 'a path outside Coda', parts: { DIRECTORY: '/tmp' }, status: 2 },
    { failure: 'a right that does not exist', parts: { RIGHTS: 'xyz' }, status: 2 },
    { failure: 'a missing right', parts: { USER: 'jan', PASSWORD: 'jan' }, status: 7 },
  ];
  it.each(failures)('is stopped by $failure with its own status', async ({ parts, status }) => {
    const finished = await job(parts);
    expect(finished.status).toBe(status);
    expect(finished.stdout).not.toContain('done');
  });
});

interface Failure {
  readonly failure: string;
  readonly parts: Readonly<Record<string, string>>;
  readonly status: number;
}
