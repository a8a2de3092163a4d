/** Random operations on a small tree, for comparing what two sides make of them. */
import fc from 'fast-check';
import type { Operation } from '../venus/client/localTree.ts';

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.constantFrom('two words', 'caf\udce9 \udcff') },
);
const path = fc.oneof(
  { weight: 3, arbitrary: name },
  { weight: 4, arbitrary: fc.tuple(name, name).map((names) => names.join('/')) },
  { weight: 1, arbitrary: fc.tuple(name, name, name).map((names) => names.join('/')) },
);
const contents = fc.oneof(
  { weight: 9, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('0123456789'.repeat(3000), '\0'.repeat(70_000)) },
);
const of = <Op extends Operation['op']>(op: Op) => fc.constant(op);
const modified = fc.integer({ min: 1, max: 2e9 }).map((seconds) => seconds * 1000);

/** Changes of every kind, some of which are refused. */
export const anyChange: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: of('mkdir'), path, mode: fc.constantFrom(0o700, 0o755) }) },
  {
    weight: 7,
    arbitrary: fc.record({
      op: of('write'),
      path,
      contents,
      mode: fc.constantFrom(0o600, 0o644),
      exclusive: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ op: of('remove'), path }) },
  { weight: 6, arbitrary: fc.record({ op: of('rename'), path, to: path }) },
  { weight: 3, arbitrary: fc.record({ op: of('link'), path, to: path }) },
  { weight: 2, arbitrary: fc.record({ op: of('symlink'), path, target: name }) },
  { weight: 2, arbitrary: fc.record({ op: of('setattr'), path, mode: fc.constantFrom(0o700, 0o755) }) },
  { weight: 1, arbitrary: fc.record({ op: of('setattr'), path, modified }) },
);

/** A way to look at something. */
export const anyLook: fc.Arbitrary<Operation> = fc.record({
  op: fc.constantFrom('read', 'readdir', 'readlink', 'lstat'),
  path,
});

/** What a sequence begins with, so that it finds something to work on. */
export const prelude: readonly Operation[] = [
  { op: 'mkdir', path: 'a', mode: 0o755 },
  { op: 'mkdir', path: 'a/b', mode: 0o755 },
  { op: 'mkdir', path: 'b', mode: 0o755 },
  { op: 'write', path: 'c', contents: 'c', mode: 0o644, exclusive: true },
  { op: 'write', path: 'a/c', contents: 'a/c', mode: 0o644, exclusive: true },
  { op: 'link', path: 'a/c', to: 'a/two words' },
  { op: 'symlink', path: 'b/a', target: '../a' },
];
