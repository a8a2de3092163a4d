import { describe, expect, it } from 'vitest';
import { errnoOf } from '../../src/fuse/failure.ts';
import { inodeOf } from '../../src/fuse/inode.ts';
import { attributesAnswer, listingAnswer } from '../../src/fuse/kernel/answers.ts';
import { Nodes } from '../../src/fuse/nodes.ts';
import { isOfOther } from '../../src/fuse/threads.ts';
import { TimeLimitError, VenusError } from '../../src/ipc/errors.ts';
import type { FileStatus } from '../../src/ipc/venus.ts';

const status = (identity: string, more: Partial<FileStatus> = {}): FileStatus => ({
  type: 'file',
  length: 0,
  mode: 0o644,
  linkCount: 1,
  owner: 0,
  modified: 0,
  identity,
  ...more,
});
const root = () => new Nodes(status('root', { type: 'directory' }));

describe('the nodes of a mount', () => {
  it('are known by name until another object has the name', () => {
    const nodes = root();
    const first = nodes.found(nodes.root, 'a', status('one'));
    expect(nodes.found(nodes.root, 'a', status('one'))).toBe(first);
    const second = nodes.found(nodes.root, 'a', status('two'));
    expect(second).not.toBe(first);
    expect([nodes.pathOf(first), nodes.pathOf(second)]).toEqual([undefined, '/a']);
  });

  it('are one for all names of a file, and two for a file and the link by which its conflict shows', () => {
    const nodes = root();
    const one = nodes.found(nodes.root, 'a', status('same', { linkCount: 2 }));
    expect(nodes.found(nodes.root, 'b', status('same', { linkCount: 2 }))).toBe(one);
    nodes.unlinked(nodes.root, 'a');
    expect([nodes.pathOf(one), one.isDiscarded]).toEqual(['/b', false]);
    expect(nodes.found(nodes.root, 'b', status('same', { type: 'symlink' }))).not.toBe(one);
  });

  it('go where a directory that they are in goes', () => {
    const nodes = root();
    const directory = nodes.found(nodes.root, 'd', status('dir', { type: 'directory' }));
    const file = nodes.found(directory, 'f', status('file'));
    const victim = nodes.found(nodes.root, 'e', status('victim', { type: 'directory' }));
    nodes.renamed(nodes.root, 'd', nodes.root, 'e');
    expect([nodes.pathOf(file), victim.isDiscarded]).toEqual(['/e/f', true]);
  });

  it('are forgotten when the kernel has forgotten them as often as it was told of them', () => {
    const nodes = root();
    const file = nodes.found(nodes.root, 'a', status('one'));
    file.lookups = 2;
    nodes.forgotten(file.id, 1);
    expect(nodes.find(file.id)).toBe(file);
    nodes.forgotten(file.id, 1);
    expect(nodes.find(file.id)).toBeUndefined();
  });
});

describe('answers to the kernel', () => {
  it('tell sizes beyond 4 GiB, times before 1970 and owners without a sign', () => {
    const attributes = { inode: 2 ** 40, size: 5 * 2 ** 30, modified: -1500, mode: 0o100644, linkCount: 1 };
    const bytes = attributesAnswer({ ...attributes, uid: 2 ** 32 - 1_000_000, gid: 0 }, 1500);
    expect([bytes.length, bytes.readBigUInt64LE(0), bytes.readUInt32LE(8)]).toEqual([104, 1n, 500_000_000]);
    expect([bytes.readBigUInt64LE(16), bytes.readBigUInt64LE(24)]).toEqual([2n ** 40n, 5n * 2n ** 30n]);
    expect([bytes.readBigInt64LE(48), bytes.readUInt32LE(68)]).toEqual([-2n, 500_000_000]);
    expect(bytes.readUInt32LE(84)).toBe(4_293_967_296);
  });

  it('hold as many names as there is room for, each with where to go on', () => {
    const names = ['a', 'bb', 'longer name'].map((name) => ({ name, inode: 7, type: 'file' as const }));
    const whole = listingAnswer(names, 0, 4096);
    expect(whole.length).toBe(32 + 32 + 40);
    expect(listingAnswer(names, 0, 70)).toEqual(whole.subarray(0, 64));
    expect(listingAnswer(names, 2, 4096)).toEqual(whole.subarray(64));
    expect(whole.readBigUInt64LE(8)).toBe(1n);
  });

  it('are errnos that it takes', () => {
    expect(errnoOf(new VenusError(13))).toBe(13);
    expect(errnoOf(new VenusError(699))).toBe(5);
    expect(errnoOf(new TimeLimitError('late'))).toBe(110);
    expect(errnoOf(new Error('a fault'))).toBeUndefined();
  });
});

it('objects have numbers that stay, and are hardly ever the same', () => {
  const numbers = Array.from({ length: 10_000 }, (_, vnode) => inodeOf(`7f000000.${vnode}.1@test.realm`));
  expect(new Set(numbers).size).toBe(10_000);
  expect(numbers.every((number) => Number.isSafeInteger(number) && number > 0)).toBe(true);
});

it('a close by a process that only inherited a descriptor is told from that of the one that writes', () => {
  const [own, parent] = [process.pid, process.ppid];
  expect(isOfOther(own, own)).toBe(false);
  expect(isOfOther(own, parent)).toBe(true);
  expect(isOfOther(own, 0)).toBe(true);
  // Nobody will close it any more: there is nothing to wait for.
  expect(isOfOther(2 ** 22 + 1, own)).toBe(false);
});
