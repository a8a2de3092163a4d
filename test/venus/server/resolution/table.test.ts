import { describe, expect, it } from 'vitest';
import { Servers } from './harness.ts';
import { nameless } from './judge.ts';
import type { Conflict, Operation, Tree } from './model.ts';
import { isAllowed, namesOf } from './model.ts';
import { type Row, before, change, make, mkdir, move, remove, rmdir, table } from './table.ts';

const SIDES: readonly { readonly left: readonly number[]; readonly right: readonly number[] }[] = [
  { left: [0], right: [1] },
  { left: [1], right: [0] },
  { left: [0, 2], right: [1] },
];

describe('the table of operation pairs', () => {
  it.each(table)('$pair', (row) => {
    for (const sides of SIDES) {
      const servers = parted(row, sides);
      const all = servers.all.map(({ site }) => site);
      const conflicts = servers.merge(all);
      expect(summary(conflicts)).toEqual([...new Set(row.conflicts)].sort());
      for (const each of row.then ?? []) {
        const isIt = servers.all.map((server) => isTrue(server, each.replace('?', '')));
        expect(each.startsWith('?') ? isIt.includes(true) : !isIt.includes(false), each).toBe(true);
      }
      expect(nameless(servers.all)).toEqual([]);
      expect(summary(servers.merge(all))).toEqual(summary(conflicts));
      expect(servers.plan(all).replicas.flatMap(({ steps }) => steps)).toEqual([]);
      if (conflicts.length === 0)
        expect(servers.all.map(({ log }) => log)).toEqual(servers.all.map(() => []));
    }
  });
});

it('a name that stays at one server stays at all, and what has it does not get another', () => {
  const servers = Servers.start(3);
  for (const operation of before) servers.perform(operation, [0, 1, 2]);
  // Servers 0 and 2 have a directory that server 1 cannot have; then a file is moved into it at server 0.
  servers.perform(mkdir('E', 'x', 'X'), [0, 2]);
  servers.perform(make('E', 'x', 'Y'), [1]);
  servers.perform(move('D', 'f', 'X', 'f', 'F'), [0]);
  servers.perform(make('D', 'f', 'Z'), [0]);
  expect(summary(servers.merge([0, 1, 2]))).toEqual(['dependent X', 'name/name D', 'name/name E']);
  expect(servers.all.map((server) => namesOf(server, 'F').length)).toEqual([1, 1, 1]);
});

it('what a side did and undid is no change since the sides parted, even if a third server lacks what was before', () => {
  const servers = Servers.start(3);
  for (const operation of before) servers.perform(operation, [0, 1, 2]);
  servers.perform(move('D', 'f', 'D', 'x', 'F'), [0, 1]);
  servers.perform(move('D', 'x', 'D', 't', 'F'), [0]);
  servers.perform(move('D', 't', 'D', 'x', 'F'), [0]);
  servers.perform(move('D', 'x', 'D', 'f', 'F'), [1]);
  expect(servers.merge([0, 1, 2])).toEqual([]);
  for (const server of servers.all) expect(namesOf(server, 'F').map(({ name }) => name)).toEqual(['f']);
});

it('the status of a directory that stays since something came into it reaches servers that lack it', () => {
  const servers = Servers.start(3);
  for (const operation of before) servers.perform(operation, [0, 1, 2]);
  servers.perform(change('S', '1'), [0, 1]);
  servers.perform(make('S', 'x', 'X'), [0]);
  servers.perform(rmdir('D', 'sub', 'S'), [1]);
  expect(summary(servers.merge([0, 1, 2]))).toEqual(['remove/update D']);
  expect(servers.server(2).objects.get('S')?.writes).toEqual(new Set(['1']));
  expect(servers.server(2).entries.get('S')).toEqual(new Map([['x', 'X']]));
});

it('a file that was removed at two servers goes, if one of them knew what was written to it', () => {
  const servers = Servers.start(3);
  for (const operation of before) servers.perform(operation, [0, 1, 2]);
  servers.perform(change('F', '1'), [0, 2]);
  servers.perform(remove('D', 'f', 'F'), [1]);
  servers.perform(remove('D', 'f', 'F'), [0]);
  expect(servers.merge([0, 1, 2])).toEqual([]);
  for (const { objects } of servers.all) expect(objects.has('F')).toBe(false);
});

it('a file that was removed at two servers is in conflict by all that either of them did not know', () => {
  const servers = Servers.start(3);
  for (const operation of before) servers.perform(operation, [0, 1, 2]);
  servers.perform(change('F', '1'), [1, 2]);
  servers.perform(move('D', 'f', 'D', 'x', 'F'), [2]);
  servers.perform(remove('D', 'f', 'F'), [1]);
  servers.perform(remove('D', 'f', 'F'), [0]);
  expect(summary(servers.merge([0, 1, 2]))).toEqual(['remove/update D', 'rename/remove D']);
  expect(servers.server(2).entries.get('D')?.get('x')).toBe('F');
});

function parted({ left, right }: Row, sides: (typeof SIDES)[number]): Servers {
  const servers = Servers.start(sides.left.length + sides.right.length);
  const perform = (operations: readonly Operation[], sites: readonly number[]) => {
    for (const operation of operations) {
      for (const site of sites) expect(isAllowed(servers.server(site), operation), operation.op).toBe(true);
      servers.perform(operation, sites);
    }
  };
  perform(before, [...sides.left, ...sides.right]);
  perform(left, sides.left);
  perform(right, sides.right);
  return servers;
}

function summary(conflicts: readonly Conflict[]): readonly string[] {
  return [...new Set(conflicts.map(({ kind, object }) => `${kind} ${object}`))].sort();
}

/** Whether `directory/name=object+writes` holds, or with `!` whether the name stands for nothing. */
function isTrue(tree: Tree, text: string): boolean {
  const [, not, directory = '', name = '', object, writes] =
    /^(!?)(\w+)\/(\w+)(?:=(\w+)\+?(\w*))?$/.exec(text) ?? [];
  const found = tree.entries.get(directory)?.get(name);
  if (not) return found === undefined;
  return found === object && [...(tree.objects.get(object ?? '')?.writes ?? [])].join('') === (writes ?? '');
}
