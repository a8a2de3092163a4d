import { beforeEach, describe, expect, it } from 'vitest';
import { errno } from '../../../../src/ipc/errno.ts';
import { VenusError } from '../../../../src/ipc/errors.ts';
import { Patience } from '../../../../src/venus/client/patience.ts';
import { SessionFiles } from '../../../../src/venus/client/sessionFiles.ts';
import { UserSession } from '../../../../src/venus/client/userSession.ts';
import { pioctlHandlers } from '../../../../src/venus/pioctls/table.ts';
import { ROOT as CODA_ROOT, encodeCall } from '../../../../src/ipc/call.ts';
import { setZoneLimits } from '../../../../src/ipc/calls/setZoneLimits.ts';
import { truncateLog } from '../../../../src/ipc/calls/truncateLog.ts';
import { waitForever } from '../../../../src/ipc/calls/waitForever.ts';
import { getVolumeStatus } from '../../../../src/ipc/calls/getVolumeStatus.ts';
import type { PioctlRequest } from '../../../../src/ipc/framing.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, REALM, ROOT, outcome, sleep, textOf, until, useRealm } from '../../support.ts';

const TOP = '/test.realm';
const realm = useRealm();
const open = useClients(realm);
let opened: TestClient | undefined;
const client = () => opened ?? expect.fail('no client');

beforeEach(async () => {
  opened = await open('one');
  await client().write(`${TOP}/before`, 'before');
  await client().drained();
});

/** The files as somebody sees them who waits for so many milliseconds. */
function filesFor(milliseconds: number, gone?: AbortSignal): SessionFiles {
  return new SessionFiles(new UserSession(client().manager, OPERATOR, new Patience(milliseconds, gone)));
}

async function pioctl(request: PioctlRequest): Promise<Uint8Array> {
  const handler = pioctlHandlers.get(request.opcode) ?? expect.fail('no handler');
  const ignore = () => undefined;
  return handler.run({ session: client().session(), speakFor: ignore, limitTime: ignore }, request);
}

const limit = (red: number, yellow: number) => pioctl(encodeCall(setZoneLimits, CODA_ROOT, { red, yellow }));
const mkdir = (name: string, milliseconds = 20_000) =>
  outcome(filesFor(milliseconds).mkdir(`${TOP}/${name}`, 0o755));

describe('a log that is as long as the zones allow', () => {
  beforeEach(async () => {
    await client().writeDisconnect();
    for (const name of ['a', 'b']) expect(await mkdir(name)).toBe('done');
  });

  it('slows each change down from the yellow limit on', async () => {
    await limit(-1, 2);
    const began = performance.now();
    expect(await mkdir('c')).toBe('done');
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  it('stalls changes from the red limit on, no longer than their maker waits', async () => {
    await limit(2, -1);
    expect(await mkdir('c', 300)).toBe('EAGAIN');
    expect(client().log().entries).toBe(2);
    await expect(filesFor(100).mkdir(`${TOP}/c`, 0o755)).rejects.toHaveProperty(
      'why',
      expect.stringMatching(/has 2 entries, and from 2 on changes wait/),
    );
  });

  it('lets them go on when it is shorter, or the limit is lifted', async () => {
    await limit(2, -1);
    const [one, other] = [mkdir('c'), mkdir('d')];
    await sleep(100);
    expect(client().log().entries).toBe(2);
    await client().drained();
    expect(await Promise.all([one, other])).toEqual(['done', 'done']);
    const third = mkdir('e');
    await limit(-1, -1);
    expect(await third).toBe('done');
  });

  it('does not hold them up where the servers cannot be reached', async () => {
    await limit(2, -1);
    await client().cut();
    expect(await mkdir('c', 300)).toBe('done');
  });
});

describe('somebody who waits for ever', () => {
  const waits = (forever: boolean, name = REALM) =>
    pioctl(encodeCall(waitForever, CODA_ROOT, { forever, realm: name }));
  const read = async (milliseconds: number) => {
    const done = textOf(filesFor(milliseconds).read(`${TOP}/elsewhere`));
    return Promise.race([
      done.catch((error: unknown) => (error instanceof Error ? error.message : '')),
      sleep(20_000),
    ]);
  };

  beforeEach(async () => {
    await realm().write(`${TOP}/elsewhere`, 'elsewhere');
    await until(async () => (await client().names(TOP)).includes('elsewhere'));
    await client().cut();
  });

  it('gets what he asks for as soon as the servers answer', async () => {
    await waits(true);
    const reading = read(19_000);
    await sleep(200);
    await client().heal();
    expect(await reading).toBe('elsewhere');
  });

  it('is refused at the end of his own time', async () => {
    await waits(true);
    const began = performance.now();
    expect(await read(1000)).toBe('Connection timed out');
    expect(performance.now() - began).toBeGreaterThan(700);
  });

  it.each([
    ['has not said so', async () => Promise.resolve()],
    ['said it of another realm', () => waits(true, 'elsewhere.realm')],
    ['has taken it back', () => waits(true).then(() => waits(false))],
  ])('is refused at once if he %s', async (_what, say) => {
    await say();
    const began = performance.now();
    expect(await read(19_000)).toBe('Connection timed out');
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

it('truncatelog is answered when all is on the disk', async () => {
  expect(await pioctl(encodeCall(truncateLog, CODA_ROOT))).toHaveLength(0);
});

it('how far a log has come is told while it is sent', async () => {
  await client().writeDisconnect();
  for (let at = 0; at < 150; at++) expect(await mkdir(`d${at}`)).toBe('done');
  const { reintegrator } = client().manager;
  const seen: unknown[] = [];
  client().link.before = (name) => {
    if (name === 'reintegrate') seen.push(reintegrator.progress(ROOT));
  };
  await client().drained();
  expect(seen).toEqual([
    { done: 0, total: 150 },
    { done: 100, total: 150 },
  ]);
  expect(reintegrator.progress(ROOT)).toBeUndefined();
});

describe('a file that the servers have no room for', () => {
  const obstacle = () => client().manager.reintegrator.obstacle(ROOT);

  beforeEach(async () => {
    await client().writeDisconnect();
    await client().write(`${TOP}/large`, 'large');
  });

  it.each([
    ['ENOSPC', 'server full'],
    ['EDQUOT', 'quota'],
  ] as const)(
    '%s is no conflict: it waits, whatever its age, and goes when there is room',
    async (name, expected) => {
      let isFull = true;
      let tries = 0;
      client().link.before = (request) => {
        if (request !== 'storeFragment') return;
        tries += 1;
        if (isFull) throw new VenusError(errno(name));
      };
      await client().manager.reintegrator.force(ROOT);
      expect([obstacle(), client().log().entries, client().records()[0]?.conflict]).toEqual([
        expected,
        1,
        undefined,
      ]);
      const triesBefore = tries;
      await client().manager.reintegrator.kick(ROOT);
      expect([obstacle(), tries]).toEqual([expected, triesBefore]);

      isFull = false;
      client().manager.reintegrator.retry(ROOT);
      await until(() => client().log().entries === 0);
      expect(await realm().read(`${TOP}/large`)).toBe('large');
    },
  );
});

it('somebody who has gone changes nothing any more', async () => {
  await client().cut();
  await client().write(`${TOP}/mine`, 'mine');
  const gone = new AbortController();
  const anna = 2000;
  await client().login('operator', anna);
  const session = new UserSession(client().manager, anna, new Patience(60_000, gone.signal));
  const waiting = outcome(new SessionFiles(session).remove(`${TOP}/before`));
  await until(() => client().manager.owners.waiting(ROOT).includes(anna));
  gone.abort();
  expect(await waiting).toBe('EAGAIN');
  await client().heal();
  await client().drained();
  expect(await client().names(TOP)).toContain('before');
});

describe('a client that is restarted while it reaches neither realm nor servers', () => {
  beforeEach(async () => {
    await realm().mountVolume('u.jan');
    await until(async () => (await client().names(TOP)).includes('u.jan'));
    await client().write(`${TOP}/u.jan/file`, 'kept');
    await client().drained();
    expect(await client().read(`${TOP}/u.jan/file`)).toBe('kept');
    await client().cut();
    realm().network.cut('one', 'realm');
    await client().restart();
  });

  it('walks what it has, across mount points, and works on', async () => {
    expect(await client().read(`${TOP}/u.jan/file`)).toBe('kept');
    expect(await client().names(`${TOP}/u.jan`)).toEqual(['file']);
    await client().write(`${TOP}/u.jan/file`, 'changed');
    const status = getVolumeStatus.reply.decode(
      await pioctl(encodeCall(getVolumeStatus, `${TOP}/u.jan`, undefined)),
    );
    expect(status).toMatchObject({ name: 'u.jan', connection: 1, logEntries: 1 });
    realm().network.heal('one', 'realm');
    await client().heal();
    await client().drained(status.status.volume);
    expect(await realm().read(`${TOP}/u.jan/file`)).toBe('changed');
  });

  it('knows no volume that it has not seen', async () => {
    expect(await outcome(client().manager.locate(0x7f00_0099))).toBe('ETIMEDOUT');
  });
});
