import { describe, expect, test } from 'vitest';
import { Auth2Error, Auth2Session } from '../../../src/auth/rpc2/auth2Session.ts';
import type { DatagramPort } from '../../../src/auth/rpc2/ports.ts';
import { type Packet, decodePacket, encodePacket } from '../../../src/ipc/rpc2/packet.ts';
import { passwordSecret } from '../../../src/ipc/rpc2/keyDerivation.ts';
import { accountsWith, someToken } from '../../support/rpc2Accounts.ts';
import { TestNetwork } from '../../support/rpc2Network.ts';
import { TestPort, seeded, seededBytes } from '../../support/rpc2World.ts';

/** A port behind which something answers INIT1 with a clear packet. */
function answering(network: TestNetwork, answerTo: (init1: Packet) => Partial<Packet>): DatagramPort {
  return new TestPort((datagram, own) => {
    const init1 = decodePacket(datagram);
    const { localHandle: remoteHandle } = init1;
    const body = new Uint8Array(20);
    const answer = encodePacket({ ...init1, remoteHandle, localHandle: 777, body, ...answerTo(init1) });
    network.clock.after(100, () => own.deliver(answer));
  });
}

/** A login at several servers, by what they are: `live`, `dead`, `old`, `busy`. */
function open(
  network: TestNetwork,
  kinds: readonly string[],
  who: { user?: string; password?: string } = {},
) {
  const tried: string[] = [];
  const openPort = ({ name }: { readonly name: string }): DatagramPort => {
    tried.push(name);
    if (name === 'live') return network.port();
    if (name === 'old') return answering(network, () => ({ opcode: -10, returnCode: 0 }));
    if (name === 'busy')
      return answering(network, () => ({ opcode: -14, localHandle: 0, body: new Uint8Array(0) }));
    return new TestPort();
  };
  const servers = kinds.map((name) => ({ name, address: '127.0.0.1', family: 4, port: 370 }) as const);
  const surroundings = { openPort, clock: network.clock, random: seededBytes(seeded(5)) };
  const request = { servers, user: 'admin', password: 'changeme', ...who };
  return { tried, session: network.clock.runUntil(Auth2Session.open(request, surroundings)) };
}

describe('of several servers', () => {
  test.each([
    [['live', 'dead'], ['live']],
    [
      ['dead', 'live', 'dead'],
      ['dead', 'live'],
    ],
    [
      ['old', 'busy', 'live'],
      ['old', 'busy', 'live'],
    ],
  ])('%j, those up to the first that takes a login are tried', async (kinds, expected) => {
    const network = new TestNetwork();
    const { tried, session } = open(network, kinds);
    expect(await network.clock.runUntil((await session).getToken())).toEqual(someToken);
    expect(tried).toEqual(expected);
  });

  test.each([
    [{ password: 'guess' }, 'wrong-password'],
    [{ user: 'nobody' }, 'unknown-user'],
  ])('none is tried after one that refuses %j', async (who, code) => {
    const { tried, session } = open(new TestNetwork(), ['dead', 'live', 'live'], who);
    await expect(session).rejects.toMatchObject({ code });
    expect(tried).toEqual(['dead', 'live']);
  });

  test.each([
    [['dead', 'dead'], 'server-dead'],
    [['dead', 'old'], 'server-too-old'],
    [['old', 'busy', 'dead'], 'server-busy'],
  ])('%j, the failure names all, and is the one that leaves most to hope for', async (kinds, code) => {
    const { session } = open(new TestNetwork(), kinds);
    await expect(session).rejects.toMatchObject({ code });
    for (const name of kinds) await expect(session).rejects.toThrow(name);
  });
});

describe('a session at an auth2 server', () => {
  async function opened() {
    const given = accountsWith();
    const network = new TestNetwork({}, 1, given);
    const session = await open(network, ['live']).session;
    const run = <T>(work: Promise<T>) => network.clock.runUntil(work);
    return { network, session, run, given };
  }

  test('does what administrators do', async () => {
    const { network, session, run } = await opened();
    expect(await run(session.idOf('admin'))).toBe(500);
    const user = { viceId: 501, key: passwordSecret('secret'), info: '' };
    await run(session.addUser(user));
    await run(session.changeUser({ ...user, key: passwordSecret('longer than eight') }));
    await run(session.changePassword(501, Buffer.from('pässwörter')));
    await run(session.deleteUser(501));
    expect(network.changes).toEqual([
      '500 adds 501 secret',
      '500 sets 501 longer t',
      `500 changes 501 ${Buffer.from('pässwörter').subarray(0, 8).toString('latin1')}`,
      '500 deletes 501',
    ]);
  });

  test.each([
    [1, 'auth-failed', 'AUTH_FAILED'],
    [2, 'auth-denied', 'AUTH_DENIED'],
    [3, 'auth-bad-key', 'AUTH_BADKEY'],
    [4, 'auth-read-only', 'AUTH_READONLY'],
    [17, 'auth-unknown', 'Unknown Auth Return Code'],
    [-2001, 'auth-unknown', 'RPC2_FAIL (F)'],
  ])('tells the answer %d as %s', async (returnCode, code, classic) => {
    const { session, run, given } = await opened();
    given.accounts.deleteUser = () => Promise.resolve(returnCode);
    await expect(run(session.deleteUser(501))).rejects.toMatchObject({ code, returnCode, classic });
  });

  test('has no more tokens to give after it has ended', async () => {
    const { session, run } = await opened();
    await run(session.quit());
    await expect(run(session.getToken())).rejects.toThrow(Auth2Error);
  });

  test('refuses a user with an info, which would not be stored', async () => {
    const { session, run, network } = await opened();
    const user = { viceId: 501, key: passwordSecret('secret'), info: 'his office' };
    await expect(run(session.addUser(user))).rejects.toMatchObject({ code: 'auth-failed' });
    expect(network.changes).toEqual([]);
  });
});
