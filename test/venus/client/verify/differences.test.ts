import { describe, expect, it } from 'vitest';
import { errno } from '../../../../src/ipc/errno.ts';
import type { VersionVector } from '../../../../src/ipc/versionVector.ts';
import type { ObjectStatus } from '../../../../src/venus/net/fileProtocol.ts';
import {
  type Contents,
  type PresentSide,
  STRETCH,
  type Side,
  differencesOf,
  lostObject,
  majorityOf,
  nameDifferences,
} from '../../../../src/venus/client/verify/differences.ts';
import { judge, judgedObject } from '../../../../src/venus/client/verify/verdict.ts';

const fid = { volume: 1, vnode: 2, unique: 3 };
const version = (...versions: readonly number[]): VersionVector => ({
  versions: [...versions, ...new Array<number>(8 - versions.length).fill(0)],
  storeId: { host: 1, unique: 1 },
  flags: 0,
});
const status: ObjectStatus = {
  fid,
  type: 'file',
  length: 10,
  linkCount: 1,
  owner: 7,
  ownerName: 'jan',
  mode: 0o644,
  modified: 1000,
  versionVector: version(1, 1, 1),
  parent: { volume: 1, vnode: 1, unique: 1 },
  target: undefined,
};
const read = (digest: string, allocated = 4096): Contents => ({ kind: 'read', digests: [digest], allocated });
const lost: Contents = { kind: 'lost', errno: errno('EIO') };

function side(server: string, changed: Partial<ObjectStatus> = {}, contents = read('same')): PresentSide {
  return { kind: 'object', server, status: { ...status, ...changed }, acl: undefined, contents };
}

const kinds = (sides: readonly Side[]) =>
  differencesOf(sides).map(({ kind, lacking }) => [kind, ...lacking].join(' '));

describe('the replicas of an object', () => {
  it('do not differ where they are the same', () => {
    expect(differencesOf([side('s1'), side('s2'), side('s3')])).toEqual([]);
  });

  it('differ at the one that has not what the majority has, if there is a majority', () => {
    expect(kinds([side('s1'), side('s2', { mode: 0o600 }), side('s3')])).toEqual(['mode s2']);
    expect(kinds([side('s1'), side('s2', { mode: 0o600 })])).toEqual(['mode']);
    expect(kinds([side('s1'), side('s2', { owner: 8, ownerName: 'kim' }), side('s3')])).toEqual(['owner s2']);
    expect(kinds([side('s1', { modified: 5 }), side('s2'), side('s3')])).toEqual(['modified s1']);
    expect(kinds([side('s1', { linkCount: 2 }), side('s2'), side('s3')])).toEqual(['links s1']);
  });

  it('differ in their contents, by stretches, or in their length', () => {
    const two = (last: string): Contents => ({ kind: 'read', digests: ['a', last], allocated: 1 });
    const long = { length: STRETCH + 5 };
    const [found] = differencesOf([
      side('s1', long, two('b')),
      side('s2', long, two('c')),
      side('s3', long, two('b')),
    ]);
    expect(found).toMatchObject({
      kind: 'contents',
      lacking: ['s2'],
      stretch: { from: STRETCH, to: STRETCH + 5 },
    });
    expect(kinds([side('s1', { length: 9 }, read('x')), side('s2'), side('s3')])).toEqual(['length s1']);
  });

  it('can be unreadable at some, whose contents are not compared', () => {
    expect(kinds([side('s1', {}, lost), side('s2')])).toEqual(['unreadable s1']);
    expect(kinds([side('s1', {}, lost), side('s2', {}, read('x')), side('s3')])).toEqual([
      'unreadable s1',
      'contents',
    ]);
  });

  it('lack holes where equal contents take much more room', () => {
    const much = 100 * 1024 * 1024;
    expect(kinds([side('s1', {}, read('same', much)), side('s2')])).toEqual(['holes s1']);
    expect(kinds([side('s1', {}, read('same', 8192)), side('s2')])).toEqual([]);
  });

  it('are behind by their versions, or have none that is newest', () => {
    const versions = (...all: readonly VersionVector[]) =>
      kinds(all.map((versionVector, at) => side(`s${at + 1}`, { versionVector })));
    expect(versions(version(2, 2), version(2, 2), version(1, 1))).toEqual(['version s3']);
    expect(versions(version(2, 1), version(1, 2))).toEqual(['version']);
    expect(versions({ ...version(1, 1), flags: 1 }, version(1, 1))).toEqual(['conflict s1']);
  });

  it('of different types are compared no further, and times of directories not at all', () => {
    expect(kinds([side('s1', { type: 'symlink', mode: 0 }), side('s2')])).toEqual(['type']);
    const directory = { type: 'directory' } as const;
    expect(kinds([side('s1', { ...directory, modified: 5 }), side('s2', directory)])).toEqual([]);
  });

  it('leave out who refuses, and are lost where a name stands for nothing', () => {
    const refused: Side = { kind: 'refused', server: 's2', errno: errno('EACCES') };
    expect(kinds([side('s1'), refused])).toEqual([]);
    const sides: readonly Side[] = [
      side('s1'),
      { kind: 'gone', server: 's2' },
      { kind: 'gone', server: 's3' },
    ];
    expect(lostObject(sides, ['s1', 's2'])).toMatchObject([{ kind: 'lost object', lacking: ['s2'] }]);
    expect(lostObject(sides, ['s1'])).toEqual([]);
  });
});

describe('a name', () => {
  const entry = (server: string, unique: number | undefined) => ({
    server,
    entry: unique === undefined ? undefined : { name: 'n', fid: { ...fid, unique }, type: 'file' as const },
  });

  it('is missing, or stands for something else', () => {
    expect(nameDifferences([entry('s1', 3), entry('s2', 3)])).toEqual([]);
    expect(nameDifferences([entry('s1', 3), entry('s2', undefined)])).toMatchObject([
      { kind: 'missing', lacking: ['s2'], fid },
    ]);
    expect(nameDifferences([entry('s1', 3), entry('s2', 4), entry('s3', undefined)])).toMatchObject([
      { kind: 'missing', lacking: ['s3'] },
      { kind: 'other object', lacking: [] },
    ]);
    expect(nameDifferences([entry('s1', undefined)])).toEqual([]);
  });
});

describe('who is right', () => {
  const verdict = (...sides: readonly PresentSide[]) => judge(sides.map(judgedObject));

  it('is the majority, or who can read the contents, or who has the newer version', () => {
    expect(verdict(side('s1'), side('s2'), side('s3'))).toEqual({ kind: 'equal' });
    expect(verdict(side('s1'), side('s2', { mode: 0 }), side('s3'))).toEqual({
      kind: 'renew',
      servers: ['s2'],
    });
    expect(verdict(side('s1', {}, lost), side('s2'))).toEqual({ kind: 'renew', servers: ['s1'] });
    const newer = { versionVector: version(2, 2, 1), mode: 0o600 };
    expect(verdict(side('s1', newer), side('s2'), side('s3'))).toEqual({
      kind: 'renew',
      servers: ['s2', 's3'],
    });
  });

  it('nobody knows where two differ, or all have lost it, or versions are concurrent, or it is in conflict', () => {
    expect(verdict(side('s1'), side('s2', {}, read('other')))).toMatchObject({ kind: 'left' });
    expect(verdict(side('s1', {}, lost), side('s2', {}, lost))).toMatchObject({ kind: 'left' });
    expect(verdict(side('s1', {}, lost), side('s2'), side('s3', {}, read('x')))).toMatchObject({
      kind: 'left',
    });
    const concurrent = [
      side('s1', { versionVector: version(2, 1, 1) }),
      side('s2', { versionVector: version(1, 2, 1) }),
    ];
    expect(verdict(...concurrent)).toMatchObject({ kind: 'left' });
    const marked = { versionVector: { ...version(1, 1), flags: 1 } };
    expect(verdict(side('s1', marked), side('s2', { mode: 0 }), side('s3'))).toMatchObject({ kind: 'left' });
    // The only one with the newest version cannot read it: an older one is no replacement.
    expect(verdict(side('s1', { versionVector: version(2, 2, 1) }, lost), side('s2'))).toMatchObject({
      kind: 'left',
    });
  });

  it('is nobody where healing would throw names away', () => {
    const [one, two, three] = [side('s1'), side('s2'), side('s3', { mode: 0 })].map(judgedObject);
    if (!one || !two || !three) throw new Error('three sides');
    expect(judge([one, two, { ...three, beyond: new Set(['s1', 's2']) }])).toMatchObject({ kind: 'left' });
    expect(judge([{ ...one, beyond: new Set(['s3']) }, two, three])).toEqual({
      kind: 'renew',
      servers: ['s3'],
    });
  });

  it('is more than half, and two at least', () => {
    expect(majorityOf(['a'])).toBeUndefined();
    expect(majorityOf(['a', 'b', 'a'])).toBe('a');
    expect(majorityOf(['a', 'b', 'a', 'b'])).toBeUndefined();
    expect(majorityOf(['a', 'b', 'c', 'a'])).toBeUndefined();
  });
});
