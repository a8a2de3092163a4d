import { expect, it } from 'vitest';
import { TestClient } from '../../../support/testClient.ts';
import { REALM, useRealm } from '../../support.ts';

const TOP = `/${REALM}`;
const realm = useRealm();

it('the way into a volume of which something is here stays, however long nobody went it', async () => {
  await realm().mountVolume('v');
  await realm().write(`${TOP}/v/file`, 'contents');
  for (let at = 0; at < 60; at++) await realm().files().mkdir(`${TOP}/d${at}`, 0o755);
  const client = await TestClient.open(realm(), 'small', 1024, 40);
  try {
    await client.write(`${TOP}/v/file`, 'unsent');
    const { hoard } = client.manager;
    const [{ id: volume } = { id: 0 }] = [...client.manager.tree.cache.vnodes.volumes()].slice(-1);
    await hoard.entries.add(1000, [
      { volume, realm: REALM, name: './file', priority: 900, expansion: 'none', exclude: [] },
    ]);
    await hoard.walk({});
    for (let round = 0; round < 2; round++)
      for (let at = 0; at < 60; at++) await client.files().lstat(`${TOP}/d${at}`);
    expect(client.manager.tree.cache.inventory.size).toBeLessThanOrEqual(40);
    await client.cut();
    expect(await client.read(`${TOP}/v/file`)).toBe('unsent');
  } finally {
    await client.close();
  }
});
