import { appendFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { VenusEvent } from '../../../src/ipc/venusEvent.ts';
import { EventHistory } from '../../../src/venus/client/eventHistory.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { until } from '../support.ts';

const temporary = useTemporaryDirectory();
const directory = () => temporary('events');
const open = (events = 100, bytes = 1e6) => EventHistory.open(directory(), { events, bytes });

const eventOf = (time: number, server = 's1'): VenusEvent => ({ time, kind: 'server', server, state: 'up' });
const add = (history: EventHistory, from: number, to: number, name?: string) => {
  for (let time = from; time <= to; time++) history.add(eventOf(time, name));
};
const times = (history: EventHistory) => history.events().map(({ time }) => time);
const filesSize = () =>
  readdirSync(directory()).reduce((sum, name) => sum + statSync(`${directory()}/${name}`).size, 0);

describe('a history of events', () => {
  it('is there again after a restart, and goes on', async () => {
    const before = await open();
    before.add(eventOf(1, 'a\udcff\n"'));
    await before.flush();
    const after = await open();
    after.add(eventOf(2));
    await after.flush();
    expect((await open()).events()).toEqual([eventOf(1, 'a\udcff\n"'), eventOf(2)]);
  });

  it('comes to the disk by itself, many events at a time', async () => {
    const history = await open();
    add(history, 1, 50);
    expect(readdirSync(directory())).toEqual([]);
    await until(() => filesSize() > 0);
    expect(times(await open())).toHaveLength(50);
  });

  it('keeps as many events as it may, and never fewer than half of them after a restart', async () => {
    const history = await open(100);
    for (let round = 0; round < 37; round++) {
      add(history, round * 10 + 1, round * 10 + 10);
      await history.flush();
      const all = times(history);
      expect([all.length, all.at(-1)]).toEqual([Math.min(100, round * 10 + 10), round * 10 + 10]);
      const again = times(await open(100));
      expect(again).toEqual(all.slice(-again.length));
      expect(again.length).toBeGreaterThanOrEqual(Math.min(50, all.length));
    }
  });

  it('keeps as many bytes as it may, in memory and on the disk', async () => {
    const history = await open(1e6, 10_000);
    for (let round = 0; round < 100; round++) {
      add(history, round, round, 'x'.repeat(400));
      await history.flush();
    }
    expect(times(history).length).toBeLessThanOrEqual(10_000 / 400);
    expect(times(history).at(-1)).toBe(99);
    expect(filesSize()).toBeLessThanOrEqual(11_000);
  });

  it('is not spoilt by a line that a crash has cut, nor by what does not belong there', async () => {
    const before = await open();
    add(before, 1, 2);
    await before.flush();
    appendFileSync(`${directory()}/new.jsonl`, 'nonsense\n{"time":3,"kind":"ser');
    const after = await open();
    add(after, 4, 4);
    await after.flush();
    expect(times(await open())).toEqual([1, 2, 4]);
  });

  it('goes on in memory where it cannot be written', async () => {
    mkdirSync(temporary('events'));
    const history = await open();
    mkdirSync(`${directory()}/new.jsonl`);
    add(history, 1, 3);
    await history.flush();
    expect(times(history)).toEqual([1, 2, 3]);
    expect(times(await open())).toEqual([]);
  });

  it('writes no more than it keeps, however much happens at once', async () => {
    const history = await open(1e6, 10_000);
    add(history, 1, 5_000, 'x'.repeat(400));
    await history.flush();
    expect(filesSize()).toBeLessThanOrEqual(30_000);
    expect(times(await open(1e6, 10_000)).at(-1)).toBe(5_000);
  });

  it('is for its owner alone', async () => {
    const history = await open();
    add(history, 1, 1);
    await history.flush();
    expect(statSync(directory()).mode & 0o777).toBe(0o700);
    expect(statSync(`${directory()}/new.jsonl`).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${directory()}/new.jsonl`, 'utf8')).toBe(
      '{"time":1,"kind":"server","server":"s1","state":"up"}\n',
    );
    writeFileSync(`${directory()}/new.jsonl`, '');
    expect(times(await open())).toEqual([]);
  });
});
