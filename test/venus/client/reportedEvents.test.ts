import { beforeEach, describe, expect, it } from 'vitest';
import type { VenusEvent } from '../../../src/ipc/venusEvent.ts';
import { type TestClient, noAnswer, useClients } from '../../support/testClient.ts';
import { OPERATOR, ROOT, collect, outcome, sleep, until, useRealm } from '../support.ts';

const TOP = '/test.realm';
const ANNA = 2000;
const MIB = 1024 * 1024;

describe('a client tells', () => {
  const realm = useRealm();
  const open = useClients(realm);
  let [one, two]: TestClient[] = [];
  const first = () => one ?? expect.fail('no client');
  const second = () => two ?? expect.fail('no client');
  /** What the first client tells of a kind. The clock of the realm stands still. */
  const told: VenusEvent[] = [];
  const of = (...kinds: readonly VenusEvent['kind'][]) => told.filter(({ kind }) => kinds.includes(kind));

  beforeEach(async () => {
    one = await open('one');
    two = await open('two');
    await realm().addUser('anna', true);
    await first().login('anna', ANNA);
    await first().write(`${TOP}/before`, 'x');
    told.length = 0;
    const stop = new AbortController();
    void (async () => {
      for await (const event of first().manager.events.listen(stop.signal, { last: 0 })) told.push(event);
    })();
    await sleep(1);
  });

  it('how far a reintegration is, of the round that runs', async () => {
    const { reintegrator } = first().manager;
    await first().writeDisconnect();
    for (let at = 0; at < 130; at++) await first().files().mkdir(`${TOP}/d${at}`, 0o755);
    const seen: unknown[] = [];
    first().link.before = (name) => {
      if (name === 'reintegrate') seen.push(reintegrator.progress(ROOT));
    };
    await reintegrator.force(ROOT);
    expect(seen).toEqual([
      { done: 0, total: 130 },
      { done: 100, total: 130 },
    ]);
    expect(reintegrator.progress(ROOT)).toBeUndefined();
    await until(() => of('reintegrationEnds').length > 0);
    expect(of('reintegrationBegins', 'reintegrationProgress', 'reintegrationEnds')).toMatchObject([
      { kind: 'reintegrationBegins', volume: '/', uid: OPERATOR, total: 130 },
      { kind: 'reintegrationProgress', volume: '/', done: 100, total: 130 },
      { kind: 'reintegrationEnds', volume: '/', done: 130, total: 130, bytes: 130 * 280, result: 'done' },
    ]);
  });

  it('of a reintegration that stops half-way, and not of each new attempt', async () => {
    await first().writeDisconnect();
    for (let at = 0; at < 130; at++) await first().files().mkdir(`${TOP}/d${at}`, 0o755);
    let sent = 0;
    first().link.before = (name) => {
      if (name === 'reintegrate' && ++sent > 1) noAnswer();
    };
    for (let attempt = 0; attempt < 4; attempt++) await first().manager.reintegrator.force(ROOT);
    await until(() => of('reintegrationEnds').length > 0);
    // Those that venus makes by itself may come in between.
    expect(sent).toBeGreaterThanOrEqual(5);
    expect(of('reintegrationBegins')).toHaveLength(1);
    expect(of('reintegrationEnds')).toMatchObject([{ done: 100, total: 130, result: 'unreachable' }]);
    first().link.before = () => {};
    await first().manager.reintegrator.force(ROOT);
    await until(() => of('reintegrationEnds').length > 1);
    expect(of('reintegrationBegins')[1]).toMatchObject({ total: 30 });
    expect(of('reintegrationEnds')[1]).toMatchObject({ done: 30, total: 30, result: 'done' });
  });

  it('that a file is fetched, how far it is, and how it ended', async () => {
    await second().write(`${TOP}/large`, new Uint8Array(MIB));
    await first().read(`${TOP}/large`);
    const path = '/coda/test.realm/large';
    await until(() => of('fetchEnds').length > 0);
    expect(of('fetchBegins', 'fetchProgress', 'fetchEnds')).toMatchObject([
      { kind: 'fetchBegins', path, length: MIB },
      ...[1, 2, 3, 4].map((part) => ({
        kind: 'fetchProgress',
        path,
        received: (part * MIB) / 4,
        length: MIB,
      })),
      { kind: 'fetchEnds', path },
    ]);
    await second().write(`${TOP}/lost`, 'contents');
    first().link.before = (name) => {
      if (name === 'fetchFragment') noAnswer();
    };
    expect(await outcome(first().read(`${TOP}/lost`))).toBe('ETIMEDOUT');
    await until(() => of('fetchEnds').length > 1);
    expect(of('fetchEnds')[1]).toMatchObject({
      path: '/coda/test.realm/lost',
      failure: 'Connection timed out',
    });
  });

  it('that somebody waits for the log of another, of checkpoints, and of states', async () => {
    await first().writeDisconnect();
    await first().write(`${TOP}/mine`, 'contents');
    const written = first().write(`${TOP}/hers`, 'contents', ANNA);
    await until(() => of('writerWaits').length > 0);
    expect(of('writerWaits')).toMatchObject([
      { kind: 'writerWaits', volume: '/', uid: ANNA, owner: OPERATOR, entries: 2 },
    ]);
    const { archive } = await first().session().checkpoint(ROOT);
    await until(() => of('checkpoint').length > 0);
    expect(of('checkpoint')).toMatchObject([{ kind: 'checkpoint', volume: '/', path: archive, entries: 2 }]);
    await first().cut();
    await until(() => of('server').length > 0);
    expect(of('server')).toMatchObject([{ kind: 'server', server: 's1', state: 'unreachable' }]);
    expect(of('volumeState').at(-1)).toMatchObject({
      volume: '/',
      state: 'unreachable',
      entries: 2,
      flags: [],
    });
    await first().heal();
    await first().manager.reintegrator.force(ROOT);
    await written;
    await first().manager.reintegrator.force(ROOT);
    await until(() => of('volumeState').some((event) => 'entries' in event && event.entries === 0));
  });

  it('the same to everybody who listens', async () => {
    await first().write(`${TOP}/f`, 'contents');
    const heard = first().manager.events.listen(AbortSignal.timeout(10_000), { follow: false });
    expect((await collect(heard)).map(({ kind }) => kind)).toContain('reintegrationEnds');
  });
});
