import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Events } from '../../../src/venus/client/events.ts';
import { Clock, raise } from '../support.ts';

const report = (events: Events, ...subjects: readonly (string | number)[]) => {
  for (const subject of subjects) events.report({ kind: 'test', subject: String(subject) });
};

/** The subjects of the next events. */
async function take(events: AsyncGenerator<{ readonly subject: string }>, count: number): Promise<string[]> {
  const subjects: string[] = [];
  while (subjects.length < count) {
    const next = await events.next();
    if (next.done) raise('there are no more events');
    else subjects.push(next.value.subject);
  }
  return subjects;
}

/** Bytes of objects that are still needed. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  return process.memoryUsage().heapUsed;
}

const listen = (events: Events, stop = new AbortController()) => events.listen(stop.signal);

describe('events', () => {
  it('carry the time at which they happened', async () => {
    const clock = new Clock();
    const events = new Events(clock.now);
    events.report({ kind: 'one', uid: 7, subject: '/a', detail: 'x' });
    clock.advance(1500);
    report(events, 'b');
    const heard = listen(events);
    const [first, second] = [await heard.next(), await heard.next()];
    expect(first.value).toEqual({
      time: clock.now() - 1500,
      kind: 'one',
      uid: 7,
      subject: '/a',
      detail: 'x',
    });
    expect(second.value).toEqual({ time: clock.now(), kind: 'test', subject: 'b' });
  });

  it('come to a listener from the past first, then as they happen, each once', async () => {
    const events = new Events(Date.now);
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
    const events = new Events(Date.now);
    const [one, other] = [take(listen(events), 2), take(listen(events), 2)];
    report(events, 'a', 'b');
    expect(await Promise.all([one, other])).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('of the past are the last thousand', async () => {
    const events = new Events(Date.now);
    report(events, ...Array.from({ length: 1500 }, (_, at) => at));
    const heard = await take(listen(events), 1000);
    expect([heard[0], heard.at(-1)]).toEqual(['500', '1499']);
  });

  it('end when the listener stops, while it waits as well as before', async () => {
    const events = new Events(Date.now);
    const stop = new AbortController();
    const heard = listen(events, stop);
    const waiting = heard.next();
    stop.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    report(events, 'late');
    expect(await listen(events, stop).next()).toEqual({ done: true, value: undefined });
  });

  it('end for a listener that is more than ten thousand behind', async () => {
    const events = new Events(Date.now);
    const heard = listen(events);
    report(events, 'first');
    expect(await take(heard, 1)).toEqual(['first']);
    report(events, ...Array.from({ length: 10_000 }, (_, at) => at));
    expect(await take(heard, 1)).toEqual(['0']);
    report(events, 'one', 'two');
    expect(await heard.next()).toEqual({ done: true, value: undefined });
  });

  it('are not kept for a listener that does not come back for them', async () => {
    const events = new Events(Date.now);
    const heard = listen(events);
    report(events, 'first');
    await take(heard, 1);
    const before = memoryInUse();
    for (let at = 0; at < 100_000; at++) report(events, Buffer.alloc(1000, at).toString('latin1'));
    expect(memoryInUse() - before).toBeLessThan(40e6);
    await heard.return(undefined);
  });
});
