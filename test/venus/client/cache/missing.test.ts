import { beforeEach, describe, expect, it } from 'vitest';
import { encodeCall } from '../../../../src/ipc/call.ts';
import { getAcl } from '../../../../src/ipc/calls/getAcl.ts';
import { getFid } from '../../../../src/ipc/calls/getFid.ts';
import { statMountPoint } from '../../../../src/ipc/calls/statMountPoint.ts';
import { whereIs } from '../../../../src/ipc/calls/whereIs.ts';
import { getVolumeStatus } from '../../../../src/ipc/calls/getVolumeStatus.ts';
import type { PioctlRequest } from '../../../../src/ipc/framing.ts';
import { pioctlHandlers } from '../../../../src/venus/pioctls/table.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, REALM, bytesOf, collect, outcome, useRealm } from '../../support.ts';

const TOP = `/${REALM}`;
const realm = useRealm();
const open = useClients(realm);
let opened: TestClient | undefined;
const client = () => opened ?? expect.fail('no client');

beforeEach(async () => {
  await realm().files().mkdir(`${TOP}/d`, 0o755);
  await realm().write(`${TOP}/d/file`, 'contents');
  await realm().files().symlink(`${TOP}/link`, 'd/file');
  opened = await open('laptop');
});

/** What everybody can be asked for, of a path. */
const questions: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  lstat: (path) => client().files().lstat(path),
  resolve: (path) => client().files().resolve(path),
  read: (path) => bytesOf(client().files().read(path)),
  readdir: (path) => collect(client().files().readdir(path)),
  readlink: (path) => client().files().readlink(path),
  write: (path) => client().write(path, 'new'),
  mkdir: (path) => client().files().mkdir(`${path}/new`, 0o755),
  remove: (path) => client().files().remove(path),
  rename: (path) => client().files().rename(path, `${path}.new`),
  setattr: (path) => client().files().setattr(path, { mode: 0o600 }),
  getfid: (path) => pioctl(encodeCall(getFid, path, false)),
  getacl: (path) => pioctl(encodeCall(getAcl, path)),
  'mount point': (path) => pioctl(encodeCall(statMountPoint, path, 'file')),
  whereis: (path) => pioctl(encodeCall(whereIs, path)),
  'volume status': (path) => pioctl(encodeCall(getVolumeStatus, path)),
};

async function pioctl(request: PioctlRequest): Promise<unknown> {
  const handler = pioctlHandlers.get(request.opcode) ?? expect.fail('no handler');
  const session = client().session(OPERATOR);
  return handler.run({ session, speakFor: () => undefined, limitTime: () => undefined }, request);
}

const ends = async (path: string, names = Object.keys(questions)) => {
  const found = new Map<string, string>();
  for (const name of names) found.set(name, await outcome(questions[name]?.(path) ?? expect.fail(name)));
  return Object.fromEntries(found);
};
const allTimedOut = (names = Object.keys(questions)) =>
  Object.fromEntries(names.map((name) => [name, 'ETIMEDOUT']));

describe('what is not here when no server can be reached', () => {
  it('times out, of whatever it is: nothing is here at all', async () => {
    await client().cut();
    expect(await ends(`${TOP}/d`)).toEqual(allTimedOut());
  });

  it('times out below a directory of which only the status is here', async () => {
    await client().files().lstat(`${TOP}/d`);
    await client().cut();
    expect(await ends(`${TOP}/d/file`)).toEqual(allTimedOut());
    expect(await outcome(collect(client().files().readdir(`${TOP}/d`)))).toBe('ETIMEDOUT');
  });

  it('times out where the directory says that it is there, and it was never looked at', async () => {
    await collect(client().files().readdir(`${TOP}/d`));
    await client().cut();
    expect(await ends(`${TOP}/d/file`)).toEqual(allTimedOut());
    expect(await outcome(client().files().lstat(`${TOP}/d/nothing`))).toBe('ENOENT');
  });

  it('times out when its status is here and its contents are not', async () => {
    await client().files().lstat(`${TOP}/d/file`);
    await client().cut();
    expect(await ends(`${TOP}/d/file`, ['lstat', 'read'])).toEqual({ lstat: 'done', read: 'ETIMEDOUT' });
    expect(await outcome(bytesOf(client().files().read(`${TOP}/link`)))).toBe('ETIMEDOUT');
  });

  it('times out when it has been thrown out', async () => {
    await client().read(`${TOP}/d/file`);
    await client().cut();
    await client().manager.upkeep.forgetAll();
    expect(await ends(`${TOP}/d/file`)).toEqual(allTimedOut());
  });
});
