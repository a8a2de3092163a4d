import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/ipc/errors.ts';
import { Link } from '../../src/venus/net/link.ts';
import type { NodePair } from '../../src/venus/net/network.ts';
import type { NodeProtocol } from '../../src/venus/net/nodeProtocol.ts';
import { Ways } from '../../src/venus/ways.ts';

function realm() {
  const ways = new Ways();
  const told: string[] = [];
  const known = new Map<string, readonly NodePair[]>();
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
    }),
  });
  for (const name of ['laptop', 'desk']) ways.addClient(end(name));
  for (const name of ['s1', 's2']) ways.addServer(end(name));
  const set = (isCut: boolean, client?: string, server?: string) => ways.set({ isCut, client, server });
  const cut = () => ways.list().flatMap((way) => (way.isCut ? `${way.client}-${way.server}` : []));
  return { ways, told, known, set, cut };
}

describe('the ways between clients and servers', () => {
  it('are all open at first', () => {
    const { ways, cut } = realm();
    expect(ways.list()).toHaveLength(4);
    expect(cut()).toEqual([]);
  });

  it('are cut and healed one by one, or all of a client, of a server, or altogether', async () => {
    const { set, cut } = realm();
    await set(true, 'laptop', 's1');
    expect(cut()).toEqual(['laptop-s1']);
    await set(true, undefined, 's2');
    expect(cut()).toEqual(['laptop-s1', 'laptop-s2', 'desk-s2']);
    await set(false, 'laptop');
    expect(cut()).toEqual(['desk-s2']);
    await set(true);
    expect(cut()).toHaveLength(4);
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
    ['phone', 's1'],
    ['laptop', 's9'],
    ['s1', 'laptop'],
  ])('between %s and %s are refused: nothing changes', async (client, server) => {
    const { set, cut, told } = realm();
    await expect(set(true, client, server)).rejects.toThrow(RefusedError);
    expect({ cut: cut(), told }).toEqual({ cut: [], told: [] });
  });
});
