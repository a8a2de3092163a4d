import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/ipc/errors.ts';
import { Link } from '../../src/venus/net/link.ts';
import type { NodePair } from '../../src/venus/net/network.ts';
import type { NodeProtocol, Way } from '../../src/venus/net/nodeProtocol.ts';
import { Ways } from '../../src/venus/ways.ts';

function realm() {
  const ways = new Ways();
  const told: string[] = [];
  const known = new Map<string, readonly NodePair[]>();
  const stopped = new Set<string>();
  const end = (name: string) => ({
    name,
    node: new Link<NodeProtocol>({
      setCut: ({ cut }) => {
        told.push(`${name} knows`);
        known.set(name, cut);
        return Promise.resolve(null);
      },
      look: () => {
        told.push(`${name} looks`);
        return Promise.resolve(null);
      },
      reach: () => Promise.resolve({ servers: [] }),
    }),
    isStopped: () => stopped.has(name),
  });
  for (const name of ['laptop', 'desk']) ways.addClient(end(name));
  for (const name of ['s1', 's2']) ways.addServer(end(name));
  const set = (isCut: boolean, node?: string, server?: string) => ways.set({ isCut, node, server });
  const nameOf = (way: Way) => ('peer' in way ? `${way.server}-${way.peer}` : `${way.client}-${way.server}`);
  const cut = () => ways.list().flatMap((way) => (way.isCut ? nameOf(way) : []));
  return { ways, told, known, stopped, set, cut };
}

describe('the ways between the nodes', () => {
  it('are all open at first', () => {
    const { ways, cut } = realm();
    expect(ways.list()).toEqual([
      { client: 'laptop', server: 's1', isCut: false },
      { client: 'laptop', server: 's2', isCut: false },
      { client: 'desk', server: 's1', isCut: false },
      { client: 'desk', server: 's2', isCut: false },
      { server: 's1', peer: 's2', isCut: false },
    ]);
    expect(cut()).toEqual([]);
  });

  it('are cut and healed one by one, or all of a client, of a server, or altogether', async () => {
    const { set, cut } = realm();
    await set(true, 'laptop', 's1');
    expect(cut()).toEqual(['laptop-s1']);
    await set(true, undefined, 's2');
    expect(cut()).toEqual(['laptop-s1', 'laptop-s2', 'desk-s2', 's1-s2']);
    await set(false, 'laptop');
    expect(cut()).toEqual(['desk-s2', 's1-s2']);
    await set(false, 's1');
    expect(cut()).toEqual(['desk-s2']);
    await set(true);
    expect(cut()).toHaveLength(5);
    await set(false);
    expect(cut()).toEqual([]);
  });

  it('are known at both ends before either looks; a server catches up only when one is healed', async () => {
    const { set, told, known } = realm();
    await set(true, 'laptop', 's1');
    expect(told).toEqual(['s1 knows', 'laptop knows', 'laptop looks']);
    told.length = 0;
    await set(true, 'desk', 's1');
    expect(known.get('s1')).toEqual([
      { one: 'laptop', other: 's1' },
      { one: 'desk', other: 's1' },
    ]);
    told.length = 0;
    await set(false, 'laptop', 's1');
    expect(told).toEqual(['s1 knows', 'laptop knows', 'laptop looks', 's1 looks']);
  });

  it.each([
    ['s1', 's2'],
    ['s2', 's1'],
  ])(
    'between two servers are cut and healed whichever is named first, and both look: %s %s',
    async (one, other) => {
      const { set, told, cut } = realm();
      await set(true, one, other);
      expect(cut()).toEqual(['s1-s2']);
      expect(told).toEqual(['s1 knows', 's2 knows', 's1 looks', 's2 looks']);
      told.length = 0;
      await set(false, one, other);
      expect({ cut: cut(), told }).toEqual({
        cut: [],
        told: ['s1 knows', 's2 knows', 's1 looks', 's2 looks'],
      });
    },
  );

  it('to a server that is stopped are cut and healed, and it is not told', async () => {
    const { set, told, cut, stopped } = realm();
    stopped.add('s2');
    await set(true, 's1', 's2');
    expect(cut()).toEqual(['s1-s2']);
    expect(told).toEqual(['s1 knows', 's1 looks']);
  });

  it('may lead to more when a server comes up: all others look', async () => {
    const { ways, told, stopped } = realm();
    stopped.add('desk');
    await ways.noteUp('s2');
    expect(told).toEqual(['laptop looks', 's1 looks']);
  });

  it.each([
    ['phone', 's1'],
    ['laptop', 's9'],
    ['s1', 'laptop'],
    ['s1', 's1'],
  ])('between %s and %s are refused: nothing changes', async (client, server) => {
    const { set, cut, told } = realm();
    await expect(set(true, client, server)).rejects.toThrow(RefusedError);
    expect({ cut: cut(), told }).toEqual({ cut: [], told: [] });
  });
});
