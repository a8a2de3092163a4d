import { expect, it } from 'vitest';
import { ROOT } from '../support.ts';
import { useVenus } from './servedVenus.ts';

const venus = useVenus();
const volumes = () => venus().ask('GET', '/v1/volumes');
const root = {
  volume: ROOT,
  name: '/',
  realm: 'test.realm',
  mount: '/coda/test.realm',
  connection: 'reachable',
  entries: 0,
  bytes: 0,
  age: 0,
  conflict: false,
};

it('tells what the client knows of its volumes, without asking a server', async () => {
  const { realm } = venus();
  await realm.files().mkdir('/test.realm/made', 0o755);
  expect(await volumes()).toEqual({ status: 200, json: { volumes: [root] } });
  await realm.client.settings.set(ROOT, { age: 600, timeLimit: 15_000 });
  await realm.files().mkdir('/test.realm/waits', 0o755);
  realm.network.cut('venus', 's1');
  await realm.client.probeServers();
  const { bytes } = realm.client.tree.logs.state(ROOT);
  expect(bytes).toBeGreaterThan(0);
  const changed = { connection: 'unreachable', age: 600, entries: 1, bytes };
  expect(await volumes()).toMatchObject({ json: { volumes: [{ ...root, ...changed }] } });
});
