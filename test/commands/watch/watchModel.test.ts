import { describe, expect, it } from 'vitest';
import { type Volume, wordOf } from '../../../src/commands/coda/watch/volumes.ts';
import { WatchModel } from '../../../src/commands/coda/watch/watchModel.ts';
import { parseMarinerLine } from '../../../src/ipc/mount/marinerLine.ts';
import type { VenusEvent } from '../../../src/ipc/venusEvent.ts';
import { recordedLines } from '../../support/mariner.ts';

const jan: Volume = {
  name: 'u.jan',
  realm: 'test.realm',
  mount: '/coda/test.realm/jan',
  connection: 'reachable',
  entries: 0,
  bytes: 0,
  age: 0,
  conflict: false,
  unauth: false,
};

const state = (time: number, facts: Partial<Extract<VenusEvent, { kind: 'volumeState' }>>): VenusEvent => ({
  time,
  kind: 'volumeState',
  volume: 'u.jan',
  realm: 'test.realm',
  state: 'reachable',
  entries: 0,
  flags: [],
  ...facts,
});

function modelOf(...events: readonly VenusEvent[]): WatchModel {
  const model = new WatchModel();
  model.report([jan], true);
  for (const event of events) model.take(event);
  return model;
}
const words = (model: WatchModel) => model.volumes.map(wordOf);

describe('the state of a volume', () => {
  it.each([
    [{}, 'connected'],
    [{ age: 600 }, 'write-disconnected'],
    [{ connection: 'resolving' }, 'resolving'],
    [{ connection: 'unknown' }, 'unknown'],
    [{ connection: 'unreachable', age: 600 }, 'disconnected'],
    [{ connection: 'unreachable', conflict: true, entries: 1 }, 'conflict'],
    [{ unauth: true, conflict: true, entries: 1 }, 'waiting for tokens'],
    // What was found at the last attempt says nothing of an empty log.
    [{ unauth: true, entries: 0 }, 'connected'],
  ] as const)('%j is %s', (facts, word) => {
    expect(wordOf({ ...jan, ...facts })).toBe(word);
  });

  it('follows events, and keeps what they do not tell', () => {
    const model = modelOf(state(1, { state: 'unreachable', entries: 3 }));
    // How many bytes these are is only in the next report.
    expect(model.volumes).toEqual([{ ...jan, connection: 'unreachable', entries: 3, bytes: undefined }]);
    model.report([{ ...jan, connection: 'unreachable', entries: 3, bytes: 99 }], true);
    model.take(state(2, { state: 'unreachable', entries: 4 }));
    expect(model.volumes).toEqual([{ ...jan, connection: 'unreachable', entries: 4, bytes: 99 }]);
    model.take(state(2, { entries: 3, flags: ['unauth'] }));
    expect(words(model)).toEqual(['waiting for tokens']);
    model.take(state(3, { state: 'deleted' }));
    expect(model.volumes).toEqual([]);
  });

  it('is unknown in part where only events tell of it', () => {
    const model = new WatchModel();
    model.take(state(1, { entries: 2 }));
    const [volume] = model.volumes;
    expect(volume).not.toHaveProperty('bytes');
    expect(volume).not.toHaveProperty('age');
    expect(words(model)).toEqual(['connected']);
  });

  it('stands first where it is worst', () => {
    const model = new WatchModel();
    const other = { ...jan, name: 'other', mount: '/coda/test.realm/a' };
    model.report([other, jan, { ...jan, name: 'bad', conflict: true }], true);
    expect(model.volumes.map(({ name }) => name)).toEqual(['bad', 'other', 'u.jan']);
  });

  it('is news when it is another one, not when only the log grows', () => {
    const model = modelOf(
      state(1, { state: 'unreachable' }),
      state(2, { state: 'unreachable', entries: 1 }),
      state(3, { state: 'unreachable', entries: 2 }),
      state(4, {}),
    );
    expect(model.recent.map(({ text }) => text)).toEqual([
      '/coda/test.realm/jan: disconnected',
      '/coda/test.realm/jan: connected',
    ]);
  });
});

describe('what moves', () => {
  const path = '/coda/test.realm/jan/file';

  it('is there from its beginning to its end', () => {
    const model = modelOf({ time: 0, kind: 'fetchBegins', path, length: 1000 });
    model.take({ time: 1000, kind: 'fetchProgress', path, received: 400, length: 1000 });
    expect(model.moves).toMatchObject([{ kind: 'fetch', what: path, progress: { done: 400, total: 1000 } }]);
    model.take({ time: 2000, kind: 'fetchEnds', path });
    expect(model.moves).toEqual([]);
  });

  it('is contents on their way, and logs', () => {
    const model = modelOf(
      { time: 0, kind: 'reintegrationBegins', volume: 'u.jan', total: 4 },
      { time: 1, kind: 'storeProgress', volume: 'u.jan', path, sent: 10, length: 100 },
      { time: 2, kind: 'reintegrationProgress', volume: 'u.jan', done: 1, total: 4 },
    );
    expect(model.moves.map(({ kind, progress: { done, total } }) => [kind, done, total])).toEqual([
      ['send log', 1, 4],
      ['store', 10, 100],
    ]);
    model.take({ time: 3, kind: 'storeProgress', volume: 'u.jan', path, sent: 100, length: 100 });
    model.take({ time: 4, kind: 'reintegrationEnds', volume: 'u.jan', total: 4 });
    expect(model.moves).toEqual([]);
  });

  it('of a mounted Coda ends though it is not said whose end it is', () => {
    const model = modelOf(
      { time: 0, kind: 'fetchBegins', path: '/a', blocks: 1 },
      { time: 1, kind: 'fetchBegins', path: '/b', blocks: 1 },
      { time: 2, kind: 'fetchProgress', path: '/b', received: 9, length: 9 },
    );
    expect(model.moves[0]?.progress.total).toBeUndefined();
    model.take({ time: 3, kind: 'fetchEnds' });
    expect(model.moves.map(({ what }) => what)).toEqual(['/a']);
    model.take({ time: 4, kind: 'fetchEnds' });
    expect(model.moves).toEqual([]);
  });

  it('is a hoard walk: first what it looks up, then what it fetches', () => {
    const walk = (time: number, phase: 'status' | 'data', done: number, left: number): VenusEvent => ({
      kind: 'walkProgress',
      time,
      progress: {
        phase,
        done: { objects: done, bytes: 10 * done },
        left: { objects: left, bytes: 10 * left },
      },
    });
    const status = modelOf(walk(0, 'status', 3, 9));
    expect(status.moves).toMatchObject([{ what: 'looking things up', progress: { done: 3, total: 12 } }]);
    const data = modelOf(walk(0, 'status', 3, 9), walk(10, 'data', 2, 8));
    expect(data.moves).toMatchObject([{ what: 'contents', progress: { done: 20, total: 100 } }]);
    const ended = modelOf(walk(0, 'data', 2, 8), { kind: 'walkEnds', time: 5 });
    expect(ended.moves).toEqual([]);
  });

  it('is a hoard walk of a mounted Coda, too', () => {
    const line = (time: number, text: string): VenusEvent => ({
      time,
      ...parseMarinerLine({ text, isCut: false }),
    });
    const model = modelOf(line(0, 'cache::BeginDataWalk'), line(1000, 'progress::hoarding 40%'));
    expect(model.moves).toMatchObject([{ kind: 'hoard walk', progress: { done: 40, total: 100 } }]);
    model.take(line(2000, 'cache::EndDataWalk'));
    expect(model.moves).toEqual([]);
  });

  it('is forgotten where nothing is heard of it any more', () => {
    const model = modelOf({ time: 0, kind: 'fetchBegins', path, length: 10 });
    model.forget(100_000);
    expect(model.moves).toHaveLength(1);
    model.forget(200_000);
    expect(model.moves).toEqual([]);
  });
});

it('does not grow however much happens', () => {
  const model = modelOf();
  for (let at = 0; at < 3000; at++) {
    model.take({ time: at, kind: 'fetchBegins', path: `/f${at}`, length: 10 });
    model.take({ time: at, kind: 'conflict', between: 'local/global', path: `/c${at}`, fid: 'x' });
  }
  expect(model.recent.length).toBeLessThanOrEqual(200);
  expect(model.moves.length).toBeLessThanOrEqual(1000);
  expect(model.recent.at(-1)?.text).toContain('/c2999');
});

it('shows nothing that a terminal would obey', () => {
  const model = modelOf({ time: 0, kind: 'conflict', between: 'local/global', path: '/\x1b[2J', fid: 'x' });
  expect(model.recent[0]?.text).toContain('/\\x1b[2J');
});

it('takes what happened before as no more than that', () => {
  const model = modelOf();
  model.takePast(state(0, { state: 'unreachable' }));
  model.takePast({ time: 1, kind: 'fetchBegins', path: '/f', length: 10 });
  expect(words(model)).toEqual(['connected']);
  expect(model.moves).toEqual([]);
  expect(model.recent).toHaveLength(1);
});

it('reads what a real venus wrote', () => {
  const model = new WatchModel();
  for (const [time, text] of recordedLines('mariner_disc2_volstate.txt').entries())
    model.take({ time, line: text, ...parseMarinerLine({ text, isCut: false }) });
  expect(model.volumes.find(({ name }) => name === 's.test')).toMatchObject({
    realm: 'coda.test',
    conflict: true,
    entries: 6,
  });
});
