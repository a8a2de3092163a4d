import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileTree } from '../../../src/ipc/venus.ts';
import { Database } from '../../../src/venus/store/database.ts';
import { findProblems } from '../server/invariants.ts';
import { TestRealm, collect, raise, serverDirectoryOf } from '../support.ts';
import { type Operation, doHere, doInCoda, treeHere, treeInCoda } from './localTree.ts';

const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 2, arbitrary: fc.constantFrom('two words', 'line\nbreak', 'caf\udce9 \udcff', 'x'.repeat(255)) },
);
const path = fc.oneof(
  { weight: 3, arbitrary: name },
  { weight: 4, arbitrary: fc.tuple(name, name).map((names) => names.join('/')) },
  { weight: 1, arbitrary: fc.tuple(name, name, name).map((names) => names.join('/')) },
);
const target = fc
  .array(fc.oneof({ weight: 4, arbitrary: name }, { weight: 1, arbitrary: fc.constantFrom('..', '.') }), {
    minLength: 1,
    maxLength: 2,
  })
  .map((names) => names.join('/'));
const fileMode = fc.constantFrom(0o600, 0o644, 0o755, 0o640);
const directoryMode = fc.constantFrom(0o700, 0o755, 0o750);
const contents = fc.oneof(
  { weight: 9, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('0123456789'.repeat(3000), '\0'.repeat(70_000)) },
);
const of = <Op extends Operation['op']>(op: Op) => fc.constant(op);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: of('mkdir'), path, mode: directoryMode }) },
  {
    weight: 6,
    arbitrary: fc.record({ op: of('write'), path, contents, mode: fileMode, exclusive: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ op: of('remove'), path }) },
  { weight: 6, arbitrary: fc.record({ op: of('rename'), path, to: path }) },
  { weight: 3, arbitrary: fc.record({ op: of('link'), path, to: path }) },
  { weight: 3, arbitrary: fc.record({ op: of('symlink'), path, target }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: of('setattr'), path, mode: fc.constantFrom(0o700, 0o755, 0o711) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: of('setattr'),
      path,
      modified: fc.integer({ min: 1, max: 2e9 }).map((seconds) => seconds * 1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('read', 'readdir', 'readlink', 'lstat'), path }) },
);

/** What each sequence begins with, so that it finds something to work on. */
const prelude: readonly Operation[] = [
  { op: 'mkdir', path: 'a', mode: 0o755 },
  { op: 'mkdir', path: 'a/b', mode: 0o755 },
  { op: 'mkdir', path: 'b', mode: 0o755 },
  { op: 'write', path: 'c', contents: 'c', mode: 0o644, exclusive: true },
  { op: 'write', path: 'a/c', contents: 'a/c', mode: 0o644, exclusive: true },
  { op: 'link', path: 'a/c', to: 'a/two words' },
  { op: 'symlink', path: 'b/a', target: '../a' },
];

describe('a sequence of operations', () => {
  let [directory, opened, metadata]: [string, TestRealm | undefined, Database | undefined] = [
    '',
    undefined,
    undefined,
  ];
  const realm = () => opened ?? raise('no realm');
  let runs = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coda-model-'));
    opened = await TestRealm.open(directory);
    metadata = await Database.open(join(serverDirectoryOf(directory), 'metadata'));
  });
  afterAll(async () => {
    await metadata?.close();
    await opened?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** An empty directory on both sides, so deep that links cannot lead out of what both have in common. */
  async function start(): Promise<{ readonly here: string; readonly inCoda: string }> {
    const names = [`run${++runs}`, 'p', 'q', 'r'];
    let inCoda = '/test.realm';
    for (const next of names)
      await realm()
        .files()
        .mkdir((inCoda += `/${next}`), 0o755);
    const here = join(directory, 'local', ...names);
    mkdirSync(here, { recursive: true });
    return { here, inCoda };
  }

  async function removeAll(files: FileTree, path: string): Promise<void> {
    if ((await files.lstat(path)).type === 'directory') {
      for (const entry of await collect(files.readdir(path))) await removeAll(files, `${path}/${entry.name}`);
    }
    await files.remove(path);
  }

  it('ends in Coda as on the file system of this machine, and leaves the server in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 1, maxLength: 40, size: 'max' }),
        async (operations) => {
          const { here, inCoda } = await start();
          for (const each of [...prelude, ...operations]) {
            const found = await doInCoda(realm().files(), inCoda, each);
            const expected = doHere(here, each);
            // Coda follows ten links, Linux forty.
            fc.pre(found !== 'ELOOP' || expected === 'ELOOP');
            expect({ ...each, end: found }).toEqual({ ...each, end: expected });
          }
          expect(await treeInCoda(realm().files(), inCoda)).toEqual(treeHere(here));
          const containers = join(serverDirectoryOf(directory), 'containers');
          expect(findProblems(metadata ?? raise('no metadata'), containers)).toEqual([]);
          await removeAll(realm().files(), `/test.realm/run${runs}`);
        },
      ),
      { numRuns: 80, seed: 20_261_120 },
    );
  }, 300_000);
});
