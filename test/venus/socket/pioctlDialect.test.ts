import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { sleep } from '../support.ts';
import { RawClient, shortLimits, useVenus } from './servedVenus.ts';

/** A request as it is sent. */
function pioctl(opcode: number, path = '/test.realm', input = ''): string {
  return `${opcode}\n${Buffer.byteLength(path)}\n1\n${input.length}\n2048\n\0${path}${input}`;
}
const [ACL, LIST_REALMS, SPEAK_FOR] = [2, 257, 256];
const aclText = '2\n0\nSystem:AnyUser\t9\nSystem:Administrators\t127\n\0';
const aclAnswer = `0\n${aclText.length}\n\0${aclText}`;
const refused = (errno: number) => `${errno}\n0\n\0`;
const [ENOENT, EIO, EINVAL, EOPNOTSUPP] = [2, 5, 22, 95];

describe('a connection', () => {
  const venus = useVenus();
  const connect = () => RawClient.connect(venus().socket);
  /** What is answered to all that is sent before the sending end is closed. */
  const exchange = async (...parts: readonly string[]) => {
    const client = await connect();
    client.send(...parts);
    client.socket.end();
    return client.untilEnded();
  };

  it('answers requests in their order, also those sent ahead', async () => {
    const sent = [pioctl(ACL), pioctl(ACL, '/test.realm/missing'), pioctl(4, '/'), pioctl(ACL)].join('');
    const answers = await exchange(sent);
    expect(answers.startsWith(`${aclAnswer}${refused(ENOENT)}0\n`)).toBe(true);
    expect(answers.endsWith(aclAnswer)).toBe(true);
  });

  it('takes requests in whatever pieces they come', async () => {
    const sent = pioctl(ACL) + pioctl(999) + pioctl(ACL, '/test.realm/missing') + pioctl(ACL);
    const expected = aclAnswer + refused(EOPNOTSUPP) + refused(ENOENT) + aclAnswer;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: sent.length }), { maxLength: 8 }), async (cuts) => {
        const client = await connect();
        const ends = [...cuts.sort((a, b) => a - b), sent.length];
        for (const [at, end] of ends.entries()) {
          client.send(sent.slice(at === 0 ? 0 : ends[at - 1], end));
          await sleep(0);
        }
        expect(await client.untilReceived((received) => received.length >= expected.length)).toBe(expected);
        client.socket.destroy();
      }),
      { numRuns: 30, seed: 20_261_121 },
    );
  });

  it.each([
    ['opcode', `65536\n1\n1\n0\n2048\n\0/`],
    ['path', `2\n1025\n1\n0\n2048\n\0${'/'.repeat(1025)}`],
    ['input', `2\n1\n1\n2049\n2048\n\0/${'x'.repeat(2049)}`],
    ['output', `2\n1\n1\n0\n2049\n\0/`],
  ])('refuses a request whose %s is too large, and goes on', async (_, request) => {
    expect(await exchange(request, pioctl(ACL))).toBe(refused(EINVAL) + aclAnswer);
  });

  it('takes an opcode, a path, an input and an output as large as they may be', async () => {
    expect(await exchange(pioctl(65_535))).toBe(refused(EOPNOTSUPP));
    expect(await exchange(pioctl(ACL, '/test.realm'.padEnd(1024, '/')))).toBe(aclAnswer);
    expect(await exchange(pioctl(ACL, '/test.realm', 'x'.repeat(2048)))).toBe(aclAnswer);
  });

  it.each([
    ['2\n1025\n1\n70000\n0\n\0'],
    ['2\n4294967295\n1\n0\n0\n\0'],
    ['2\n1\n1\n9999999999\n9999999999\n\0'],
  ])('that announces more than it will wait for is refused and closed: %j', async (request) => {
    const client = await connect();
    client.send(request);
    expect(await client.untilEnded()).toBe(refused(EINVAL));
  });

  it.each([
    '2\n1\n1\n0\n\0/',
    '2\n1\n1\n0\n0\n0\n\0/',
    '2\n-1\n1\n0\n0\n\0/',
    '2\n\n1\n0\n0\n\0/',
    '2 \n1\n1\n0\n0\n\0/',
    '2\n1\n1\n0\n0\0/',
    '2x',
    '2\r\n1\r\n1\r\n0\r\n0\r\n\0/',
    '12345678901\n1\n1\n0\n0\n\0/',
    `0x02\n1\n1\n0\n0\n\0/`,
    '0'.repeat(100_000),
  ])('whose header is none is answered EIO and closed: %#', async (request) => {
    const client = await connect();
    client.send(pioctl(ACL), request, pioctl(ACL));
    expect(await client.untilEnded()).toBe(aclAnswer + refused(EIO));
  });

  it('speaks for another user from the request on that says so, and alone', async () => {
    await venus().realm.files().mkdir('/test.realm/dir', 0o755);
    const forbidden = pioctl(1, '/test.realm/dir', '0\n0\n\0');
    const nobody = pioctl(SPEAK_FOR, '/', '\x07\0\0\0');
    expect(await exchange(nobody, forbidden)).toBe(`${refused(0)}${refused(13)}`);
    expect(await exchange(forbidden)).toBe(refused(0));
  });

  it('that ends inside a request closes without an answer to it', async () => {
    expect(await exchange(pioctl(ACL), pioctl(ACL).slice(0, -1))).toBe(aclAnswer);
    expect(await exchange('2')).toBe('');
  });

  it('of any bytes is answered and closed, and harms nobody', async () => {
    const other = await connect();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const client = await connect();
        client.send('7', bytes);
        client.socket.end();
        expect(await client.untilEnded()).toMatch(/^(\d+\n0\n\0)*$/);
      }),
      { numRuns: 100, seed: 20_261_121 },
    );
    other.send(pioctl(ACL));
    expect(await other.untilReceived((received) => received.length >= aclAnswer.length)).toBe(aclAnswer);
  });
});

describe('a client that', () => {
  const venus = useVenus(shortLimits);
  const connect = () => RawClient.connect(venus().socket);

  it('asks nothing more is closed after its time', async () => {
    const client = await connect();
    client.send(pioctl(LIST_REALMS));
    const begun = Date.now();
    await client.untilEnded();
    expect(Date.now() - begun).toBeGreaterThanOrEqual(shortLimits.idleTime - 10);
  });

  it('goes on asking is not', async () => {
    const client = await connect();
    for (let round = 1; round <= 6; round++) {
      client.send(pioctl(ACL));
      await client.untilReceived((received) => received.length === aclAnswer.length * round);
      await sleep(shortLimits.idleTime / 4);
    }
    expect(client.ended).toBe(false);
    client.socket.destroy();
  });

  it.each(['2', '2\n11\n1\n0\n2048\n', '2\n11\n1\n0\n2048\n\0/test'])(
    'begins a request and does not go on is closed, after what it asked before: %j',
    async (half) => {
      const [client, other] = [await connect(), await connect()];
      client.send(pioctl(ACL), half);
      const begun = Date.now();
      expect(await client.untilEnded()).toBe(aclAnswer);
      expect(Date.now() - begun).toBeLessThan(shortLimits.idleTime);
      other.send(pioctl(ACL));
      await other.untilReceived((received) => received === aclAnswer);
      other.socket.destroy();
    },
  );

  it('waits for a server that is slow is not', async () => {
    const slow = vi.spyOn(venus().realm.server, 'getAcl').mockImplementation(async () => {
      await sleep(shortLimits.idleTime * 1.5);
      return { text: '0\n0\n' };
    });
    const client = await connect();
    client.send(pioctl(ACL));
    expect(await client.untilReceived((received) => received !== '')).toBe('0\n5\n\x000\n0\n\0');
    slow.mockRestore();
    client.socket.destroy();
  });

  it('sends far more ahead than is worked on at once gets all answers', async () => {
    const client = await connect();
    client.send(pioctl(ACL).repeat(500));
    client.socket.end();
    expect(await client.untilEnded()).toBe(aclAnswer.repeat(500));
  });

  it('goes away while it is answered harms nobody', async () => {
    for (let round = 0; round < 10; round++) {
      const client = await connect();
      client.send(pioctl(ACL).repeat(50));
      await sleep(round % 3);
      client.socket.destroy();
    }
    const client = await connect();
    client.send(pioctl(ACL));
    expect(await client.untilReceived((received) => received.length >= aclAnswer.length)).toBe(aclAnswer);
    client.socket.destroy();
  });
});

describe('a client that is never idle, but', () => {
  const venus = useVenus({ ...shortLimits, idleTime: 20_000 });
  const connect = () => RawClient.connect(venus().socket);

  it('does not read its answers is closed, and the others go on', async () => {
    const before = venus().accepted.length;
    const [deaf, other] = [await connect(), await connect()];
    other.send(pioctl(ACL));
    await other.untilReceived((received) => received === aclAnswer);
    deaf.socket.pause();
    deaf.send(pioctl(ACL).repeat(20_000));
    const isOpen = () =>
      venus()
        .accepted.slice(before + 1)
        .some(({ destroyed }) => !destroyed);
    while (venus().accepted.length < before + 2) await sleep(1);
    while (isOpen()) {
      other.send(pioctl(ACL));
      const count = other.received.length + aclAnswer.length;
      await other.untilReceived((received) => received.length >= count);
      await sleep(20);
    }
    expect(other.ended).toBe(false);
    for (const { socket } of [deaf, other]) socket.destroy();
  });
});
