import { describe, expect, it } from 'vitest';
import type { PreserveHow } from '../../../../src/ipc/repairs.ts';
import type { Repair } from '../../../../src/venus/client/repair/repair.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, ROOT, rootOf, until, useRealm } from '../../support.ts';

const realm = useRealm();
const open = useClients(realm);
const object = '/test.realm/d';
const replace: PreserveHow = { onConflict: 'replace' };
let laptop: TestClient;
let desk: TestClient;

/** Both made something by the same name, a file or a link; here there is a directory besides. */
async function conflict(theirs: (client: TestClient) => Promise<void>): Promise<void> {
  [laptop, desk] = [await open('laptop'), await open('desk')];
  await laptop.files().mkdir(object, 0o755);
  await laptop.names(object);
  await laptop.cut();
  await laptop.write(`${object}/new`, 'mine');
  await laptop.files().mkdir(`${object}/sub`, 0o755);
  await laptop.write(`${object}/sub/f`, 'my f');
  await theirs(desk);
  await laptop.heal();
  await until(() => laptop.manager.reintegrator.obstacle(ROOT) === 'conflict');
}

async function session(): Promise<Repair> {
  const { fid } = await laptop.session().lookup(rootOf(ROOT), 'd');
  return (await laptop.manager.repairs.begin(fid, OPERATOR)).repair;
}

const link = (client: TestClient) => client.files().symlink(`${object}/new`, 'theirs');
const file = (client: TestClient) => client.write(`${object}/new`, 'theirs');

describe('what is made in one session and skipped for the rest', () => {
  it.each([
    ['in the place of a link', link, replace, false],
    ['in the place of a link, after a restart', link, replace, true],
    ['by another name', file, { onConflict: 'rename', name: 'new.mine' } as const, false],
    ['by another name, after a restart', file, { onConflict: 'rename', name: 'new.mine' } as const, true],
  ])('gets what was done to it later: %s', async (_, theirs, how, restarts) => {
    await conflict(theirs);
    const first = await session();
    expect(await first.preserve(how)).toMatchObject({ kind: 'done', decision: 'preserved' });
    expect(await first.skip()).toMatchObject({ mutation: { op: 'store' } });
    expect(await first.preserve(undefined)).toMatchObject({ mutation: { op: 'mkdir' } });
    for (const op of ['create', 'store']) expect(await first.skip()).toMatchObject({ mutation: { op } });
    if (restarts) {
      await laptop.restart();
      await laptop.heal();
    }
    expect(await (await session()).commit()).toEqual({ kind: 'done', performed: 2, discarded: 0 });
    if (restarts) {
      await laptop.restart();
      await laptop.heal();
    }
    await laptop.drained();
    const name = how.onConflict === 'rename' ? how.name : 'new';
    for (const client of [desk, laptop]) {
      expect(await client.names(object)).toEqual([...new Set(['new', name]), 'sub'].sort());
      expect(await client.read(`${object}/${name}`)).toBe('mine');
      expect(await client.read(`${object}/sub/f`)).toBe('my f');
    }
    if (name !== 'new') expect(await desk.read(`${object}/new`)).toBe('theirs');
  });

  it('is decided about in the next one, where others were there first', async () => {
    await conflict(file);
    const first = await session();
    expect(await first.preserve({ onConflict: 'rename', name: 'new.mine' })).toMatchObject({ kind: 'done' });
    expect(await first.skip()).toMatchObject({ mutation: { op: 'store' } });
    for (let left = 0; left < 3; left++) await first.preserve(undefined);
    await laptop.writeDisconnect();
    expect(await first.commit()).toMatchObject({ kind: 'done' });
    await desk.write(`${object}/new.mine`, 'theirs too');
    await laptop.manager.reintegrator.force(ROOT);
    await until(() => laptop.manager.reintegrator.obstacle(ROOT) === 'conflict');
    const fid = (await laptop.localVersion().lstat(`${object}/new.mine`)).identity;
    const [volume = 0, vnode = 0, unique = 0] = fid.split(/[.@]/).map((part) => Number.parseInt(part, 16));
    const { repair } = await laptop.manager.repairs.begin({ volume, vnode, unique }, OPERATOR);
    expect(await repair.check()).toMatchObject({ verdict: { obstruction: 'updated' } });
    expect(await repair.preserve(replace)).toMatchObject({ kind: 'done', decision: 'preserved' });
    expect(await repair.commit()).toMatchObject({ kind: 'done', performed: 1 });
    expect(await desk.read(`${object}/new.mine`)).toBe('mine');
  });
});
