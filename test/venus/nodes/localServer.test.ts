import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Remote } from '../../../src/venus/net/link.ts';
import { Network } from '../../../src/venus/net/network.ts';
import type { PeerProtocol } from '../../../src/venus/net/peerProtocol.ts';
import { LocalServer } from '../../../src/venus/nodes/localServer.ts';
import { ServerNode, serverDirectory } from '../../../src/venus/nodes/serverNode.ts';
import { emptyStore } from '../../../src/venus/nodes/serverStore.ts';
import { type RealmStore, openRealmStore } from '../../../src/venus/server/realmStore.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { REALM, outcome, raise, sleep } from '../support.ts';

const path = useTemporaryDirectory();
const NAMES = ['s1', 's2', 's3'];
let store: RealmStore;
let network: Network;
let servers: ReadonlyMap<string, LocalServer>;

const serverOf = (name: string) => servers.get(name) ?? raise(`no ${name}`);
const reached = async (name: string) => (await serverOf(name).node?.node.reach(null))?.servers;

/** A service whose answer waits until the test says so. */
function waiting() {
  let answer = () => {};
  const answered = new Promise<null>((resolve) => (answer = () => resolve(null)));
  const link = serverOf('s1').link<Pick<PeerProtocol, 'probe'>>(() => ({ probe: () => answered }));
  return { link, answer: () => answer() };
}

function wayTo(from: string, to: string): Remote<PeerProtocol> {
  const isUp = () => !network.isCut(from, to);
  return serverOf(to).link<PeerProtocol>((node) => node.forPeers, isUp);
}

beforeEach(async () => {
  store = await openRealmStore(path(), REALM);
  network = new Network();
  const open = (name: string) => {
    const others = NAMES.filter((other) => other !== name);
    const peers = new Map(others.map((other) => [other, wayTo(name, other)]));
    return ServerNode.open({ name, dataDirectory: path(), realm: store, network, peers });
  };
  servers = new Map(NAMES.map((name) => [name, new LocalServer(() => open(name))]));
  for (const server of servers.values()) await server.start();
});
afterEach(async () => {
  for (const server of servers.values()) await server.stop();
  await store.close();
});

describe('servers in one process', () => {
  it('reach each other, whichever came up first', async () => {
    expect(await reached('s1')).toEqual(['s2', 's3']);
    expect(await reached('s3')).toEqual(['s1', 's2']);
  });

  it('do not where the way between two of them is cut; others do', async () => {
    network.cut('s2', 's1');
    expect(await reached('s1')).toEqual(['s3']);
    expect(await reached('s2')).toEqual(['s3']);
    expect(await reached('s3')).toEqual(['s1', 's2']);
    network.heal('s1', 's2');
    expect(await reached('s1')).toEqual(['s2', 's3']);
  });

  it.each(['stop', 'kill'] as const)(
    'do not while one is down, and do again when it is up: %s',
    async (how) => {
      const server = serverOf('s2');
      await server[how]();
      expect(server.state).toBe('stopped');
      expect(await reached('s1')).toEqual(['s3']);
      expect(await outcome(wayTo('s1', 's2').call('probe', null))).toBe('ETIMEDOUT');
      await server.start();
      expect(server.state).toBe('up');
      expect(await reached('s1')).toEqual(['s2', 's3']);
      expect(await reached('s2')).toEqual(['s1', 's3']);
    },
  );

  it('have an own store each, which no other can have meanwhile', async () => {
    expect(readdirSync(path('servers')).sort()).toEqual(NAMES);
    expect(existsSync(`${serverDirectory(path(), 's2')}/venus.pid`)).toBe(true);
    await serverOf('s2').stop();
    expect(existsSync(`${serverDirectory(path(), 's2')}/venus.pid`)).toBe(false);
  });

  it('tell those who want to know that other servers may have changed', async () => {
    const { node } = serverOf('s1');
    let calls = 0;
    const end = node?.server.peers.onChange(() => (calls += 1));
    await node?.node.look(null);
    expect(calls).toBe(1);
    end?.();
    await node?.node.look(null);
    expect(calls).toBe(1);
  });
});

describe('the end of a server', () => {
  it('lets what is under way finish, when it is stopped', async () => {
    const { link, answer } = waiting();
    const answered = outcome(link.call('probe', null));
    const stopped = serverOf('s1').stop();
    expect(await outcome(link.call('probe', null))).toBe('ETIMEDOUT');
    expect(await Promise.race([stopped.then(() => 'stopped'), sleep(100)])).toBeUndefined();
    answer();
    expect(await answered).toBe('done');
    await stopped;
  });

  it('loses what it has not answered, when it is killed', async () => {
    const { link, answer } = waiting();
    const answered = outcome(link.call('probe', null));
    const killed = serverOf('s1').kill();
    answer();
    expect(await answered).toBe('ETIMEDOUT');
    await killed;
  });
});

describe('emptying a server', () => {
  const volumes = { volume: 0x7f000000, replica: 0x01000000, site: 0, members: [], time: 1 };
  const make = () =>
    serverOf('s1').node?.server.createVolume({ ...volumes, name: 'vol', owner: 500, maxQuota: 0 });
  const has = () => outcome(serverOf('s1').node?.server.describeVolume(volumes) ?? raise('it is down'));

  it('removes all that it has', async () => {
    await make();
    expect(await has()).toBe('done');
    await serverOf('s1').stop();
    await emptyStore(serverDirectory(path(), 's1'));
    expect(readdirSync(serverDirectory(path(), 's1'))).toEqual([]);
    await serverOf('s1').start();
    expect(await has()).toBe('ENXIO');
  });

  it('is done as a whole or not at all: what is left of it goes when the server starts', async () => {
    await serverOf('s1').stop();
    const directory = serverDirectory(path(), 's1');
    mkdirSync(`${directory}/metadata.emptied`);
    await serverOf('s1').start();
    expect(readdirSync(directory).sort()).toEqual(['containers', 'metadata', 'venus.pid']);
  });

  it('of which there is nothing yet does nothing', async () => {
    await emptyStore(serverDirectory(path(), 's9'));
    expect(existsSync(serverDirectory(path(), 's9'))).toBe(false);
  });
});
