import { beforeAll, describe, expect, it } from 'vitest';
import { cfs } from '../../../src/commands/cfs.ts';
import { clog } from '../../../src/commands/clog.ts';
import { type ToolTable, tableOf } from '../../../src/commands/coda/completion/toolTable.ts';
import { type UsageKinds, kindsOfUsage } from '../../../src/commands/coda/completion/usageKinds.ts';
import { wantedAt } from '../../../src/commands/coda/completion/wanted.ts';
import { coda } from '../../../src/commands/coda.ts';
import { repair } from '../../../src/commands/repair.ts';

let tables: ReadonlyMap<string, ToolTable>;
beforeAll(async () => {
  const all = await Promise.all([cfs, coda, clog, repair].map(tableOf));
  tables = new Map(all.map((table) => [table.name, table]));
});

/** What may stand where a line ends. */
function wanted(line: string) {
  const words = line.split(' ');
  const table = tables.get(words[0] ?? '');
  if (!table) throw new Error(`no ${line}`);
  return wantedAt(table, words.slice(1, -1), words.at(-1) ?? '');
}
const words = (line: string) => wanted(line).candidates.map(({ word }) => word);

describe('at the place of', () => {
  it.each([
    ['cfs listv', ['listvol']],
    ['cfs listl', ['listlocal']],
    ['cfs lv', ['lv']],
    ['cfs --json lista', ['listacl']],
    ['coda realm v', ['volume']],
    ['coda realm volume ', ['create', 'list', 'dump', 'restore']],
    ['cfs checkpointml --format ', ['pax', 'newc', 'odc', 'ustar', 'tar']],
    ['cfs checkpointml --format=p', ['--format=pax']],
    ['cfs checkpointml -format n', ['newc']],
    ['repair --keep m', ['mine']],
    ['cfs help lista', ['listacl']],
    ['coda completion z', ['zsh']],
    ['cfs wd -ag', ['-age']],
    ['cfs la --tim', ['--timeout']],
    // Behind the end of options, and behind the directory of setacl, nothing is an option.
    ['cfs la -- --tim', []],
    ['cfs sa dir --tim', []],
    ['coda compl', ['completion']],
  ])('%s: %j', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  it.each([
    ['cfs la ', 'path'],
    ['cfs la one two /coda/', 'path'],
    ['cfs sa ', 'path'],
    ['cfs sa dir ', 'principal'],
    ['cfs sa -clear dir ', 'principal'],
    ['cfs sa dir jan ', 'rights'],
    ['cfs sa dir jan rl kate ', 'rights'],
    ['cfs sa dir jan rl ', 'principal'],
    ['cfs checkservers s1 ', 'server'],
    ['cfs mkmount dir ', 'volume'],
    ['cfs setquota dir ', 'other'],
    ['cfs wd -age 10 ', 'path'],
    ['cfs lv -local ', 'path'],
    ['coda realm volume dump --since old u.jan ', 'local file'],
    ['coda realm volume dump --since ', 'local file'],
    ['coda realm volume create u.jan --owner ', 'user'],
    ['coda realm volume create u.jan ', 'other'],
    ['coda realm server stop ', 'server'],
    ['coda realm link cut ', 'client or server'],
    ['coda realm link cut venus ', 'server'],
    ['coda realm group add staff ', 'principal'],
    ['coda resolve --keep both ', 'path'],
    ['coda put file ', 'path'],
    ['coda put ', 'local file'],
    ['coda watch ', 'path'],
    ['coda rescue ', 'local file'],
    ['repair ', 'path'],
    ['repair dir ', 'local file'],
    ['clog ', 'user at realm'],
    ['clog -tofile ', 'local file'],
  ])('%s: a %s', (line, kind) => {
    expect(wanted(line).kind).toBe(kind);
  });

  it('the last name of a list only that name is typed', () => {
    expect(wanted('coda realm volume create v --servers s1,s')).toMatchObject({
      kind: 'server',
      before: 's1,',
      typed: 's',
    });
    expect(wanted('coda realm volume create v --servers=s1,s')).toMatchObject({
      before: '--servers=s1,',
      typed: 's',
    });
  });

  it('a path it is known which venus was named', () => {
    expect(wanted('cfs --venus unix:/x la ').venus).toBe('unix:/x');
    expect(wanted('cfs la --venus=unix:/y ').venus).toBe('unix:/y');
  });
});

it('usage lines of tools to come are understood', () => {
  const kinds = (usage: string): UsageKinds => kindsOfUsage(usage, 'hoard add');
  expect(kinds('hoard add [--exclude GLOB] <path> [<path> ...]')).toEqual({
    first: ['path'],
    repeated: ['path'],
  });
  expect(kinds('hoard add <filename> [<priority>]')).toEqual({
    first: ['local file', 'other'],
    repeated: [],
  });
  expect(kindsOfUsage('cfs {cpuname|@cpu}', 'cfs cpuname')).toEqual({ first: [], repeated: [] });
});
