import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import type { WantedEvents } from '../../../src/ipc/venus.ts';
import type { VenusEvent } from '../../../src/ipc/venusEvent.ts';
import { EventHistory } from '../../../src/venus/client/eventHistory.ts';
import { Events, whenPercentChanges } from '../../../src/venus/client/events.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { Clock, collect, raise } from '../support.ts';

const temporary = useTemporaryDirectory();

const histories: EventHistory[] = [];
afterEach(async () => {
  for (const history of histories.splice(0)) await history.flush();
});

async function open(now: () => number = Date.now): Promise<Events> {
  const history = await EventHistory.open(temporary('events'));
  histories.push(history);
  return new Events(history, now);
}

/** Reports events that differ in the name of a server. */
const report = (events: Events, ...names: readonly (string | number)[]) => {
  for (const name of names) events.report({ kind: 'server', server: String(name), state: 'up' });
};

const nameOf = (event: VenusEvent) => (event.kind === 'server' ? event.server : raise(event.kind));

/** The names in the next events. */
async function take(events: AsyncGenerator<VenusEvent>, count: number): Promise<string[]> {
  const names: string[] = [];
  while (names.length < count) {
    const next = await events.next();
    if (next.done) raise('there are no more events');
    else names.push(nameOf(next.value));
  }
  return names;
}

async function all(events: AsyncGenerator<VenusEvent>): Promise<string[]> {
  return (await collect(events)).map(nameOf);
}

/** Bytes of objects that are still needed. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  return process.memoryUsage().heapUsed;
}

const listen = (events: Events, stop = new AbortController(), wanted: WantedEvents = {}) =>
  events.listen(stop.signal, wanted);
const past = (events: Events, wanted: WantedEvents) =>
  all(listen(events, undefined, { ...wanted, follow: false }));

describe('events', () => {
  it('carry the time at which they happened', async () => {
    const clock = new Clock();
    const events = await open(clock.now);
    events.report({ kind: 'token', uid: 7, realm: 'r', change: 'set' });
    clock.advance(1500);
    report(events, 'b');
    const heard = listen(events);
    const [first, second] = [await heard.next(), await heard.next()];
    expect(first.value).toEqual({
      time: clock.now() - 1500,
      kind: 'token',
      uid: 7,
      realm: 'r',
      change: 'set',
    });
    expect(second.value).toEqual({ time: clock.now(), kind: 'server', server: 'b', state: 'up' });
  });

  it('come to a listener from the past first, then as they happen, each once', async () => {
    const events = await open();
    report(events, 1, 2);
    const heard = listen(events);
    expect(await take(heard, 1)).toEqual(['1']);
    report(events, 3);
    expect(await take(heard, 2)).toEqual(['2', '3']);
    const next = take(heard, 2);
    report(events, 4, 5);
    expect(await next).toEqual(['4', '5']);
  });

  it('come to every listener', async () => {
    const events = await open();
    const [one, other] = [take(listen(events), 2), take(listen(events), 2)];
    report(events, 'a', 'b');
    expect(await Promise.all([one, other])).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('of the past are the last thousand', async () => {
    const events = await open();
    report(events, ...Array.from({ length: 1500 }, (_, at) => at));
    const heard = await take(listen(events), 1000);
    expect([heard[0], heard.at(-1)]).toEqual(['500', '1499']);
  });

  it('end when the listener stops, while it waits as well as before', async () => {
    const events = await open();
    const stop = new AbortController();
    const heard = listen(events, stop);
    const waiting = heard.next();
    stop.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    report(events, 'late');
    expect(await listen(events, stop).next()).toEqual({ done: true, value: undefined });
  });

  it('end for a listener that is more than ten thousand behind', async () => {
    const events = await open();
    const heard = listen(events);
    report(events, 'first');
    expect(await take(heard, 1)).toEqual(['first']);
    report(events, ...Array.from({ length: 10_000 }, (_, at) => at));
    expect(await take(heard, 1)).toEqual(['0']);
    report(events, 'one', 'two');
    expect(await heard.next()).toEqual({ done: true, value: undefined });
  });

  it('are not kept for a listener that does not come back for them', async () => {
    const events = await open();
    const heard = listen(events);
    report(events, 'first');
    await take(heard, 1);
    const before = memoryInUse();
    for (let at = 0; at < 100_000; at++) report(events, Buffer.alloc(1000, at).toString('latin1'));
    expect(memoryInUse() - before).toBeLessThan(40e6);
    await heard.return(undefined);
  });
});

describe('the past of events', () => {
  it('begins where it is asked for, and has as many of the newest as are asked for', async () => {
    const clock = new Clock();
    const events = await open(clock.now);
    const begun = clock.now();
    for (const name of [0, 1, 2, 3]) {
      report(events, name);
      clock.advance(1000);
    }
    expect(await past(events, { since: begun + 1000 })).toEqual(['1', '2', '3']);
    expect(await past(events, { since: begun + 1001 })).toEqual(['2', '3']);
    expect(await past(events, { last: 1 })).toEqual(['3']);
    expect(await past(events, { last: 0 })).toEqual([]);
    expect(await past(events, { since: begun + 1000, last: 2 })).toEqual(['2', '3']);
    expect(await past(events, { since: clock.now() })).toEqual([]);
  });

  it('goes over into the present without a gap, however long it is', async () => {
    const events = await open();
    report(events, ...Array.from({ length: 10_000 }, (_, at) => at));
    const heard = listen(events, undefined, { since: 0 });
    expect(await take(heard, 9_000)).toHaveLength(9_000);
    report(events, 'new');
    expect((await take(heard, 1_001)).slice(-2)).toEqual(['9999', 'new']);
  });

  it('has nothing of how far a transfer is, and of what is only opened', async () => {
    const events = await open();
    events.report({ kind: 'opened', path: '/coda/f', uid: 1, length: 2 });
    events.report({ kind: 'fetchProgress', path: '/coda/f', received: 1, length: 2 });
    report(events, 'last');
    expect(await past(events, {})).toEqual(['last']);
  });
});

it('the progress of a transfer is told of when its percentage changes', () => {
  const told: number[] = [];
  const progress = whenPercentChanges((done) => told.push(done));
  for (let done = 1; done <= 1000; done++) progress(done, 1000);
  expect(told).toEqual(Array.from({ length: 100 }, (_, at) => (at + 1) * 10));
});
