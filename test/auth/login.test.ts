import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuthServer, embeddedAuthServer } from '../../src/auth/login.ts';
import { ProtocolError, RefusedError } from '../../src/ipc/errors.ts';
import { HttpSession } from '../../src/ipc/socket/httpSession.ts';
import { type Answer, HttpVenus } from '../support/httpVenus.ts';
import { bytesOfHex } from '../support/bytes.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const jan = { user: 'jan', realm: 'r.org' };
const CLEAR = bytesOfHex('ffffffff 0102030405060708 f4010000 00ca9a3b 80ca9a3b');
const SECRET = Uint8Array.from({ length: 56 }, (_, at) => at);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

let venus: HttpVenus;
let server: AuthServer;

beforeEach(async () => {
  venus = await HttpVenus.start(temporary('venus.sock'));
  const session = new HttpSession(venus.path, { timeLimit: 5000, uid: undefined });
  server = await embeddedAuthServer(session);
});
afterEach(() => venus.stop());

const token: Answer = { status: 200, json: { clear: base64(CLEAR), secret: base64(SECRET) } };

describe('a login at the embedded venus', () => {
  test('gives name and password, and gets the token', async () => {
    venus.answer(token);
    await expect(server.login(jan, 'a pässword')).resolves.toEqual({
      clear: {
        authHandle: -1,
        handshakeKey: bytesOfHex('0102030405060708'),
        viceId: 500,
        begins: 1_000_000_000,
        ends: 1_000_000_128,
      },
      secret: SECRET,
    });
    expect(venus.requests).toEqual([
      { method: 'POST', url: '/v1/auth/token', json: { ...jan, password: 'a pässword' } },
    ]);
  });

  test('may ask for a lifetime', async () => {
    venus.answer(token);
    await server.login(jan, 'x', 3600);
    expect(venus.requests[0]?.json).toEqual({ ...jan, password: 'x', lifetime: 3600 });
  });

  test.each(['wrong-password', 'unknown-user', 'unknown-realm'])('is refused: %s', async (code) => {
    venus.answer({ status: 403, json: { code, message: 'No.', why: 'Because.' } });
    const refusal = server.login(jan, 'x');
    await expect(refusal).rejects.toThrow(RefusedError);
    await expect(refusal).rejects.toMatchObject({ code, message: 'No.', why: 'Because.' });
  });

  test.each([
    ['no token', {}],
    ['half a token', { clear: base64(CLEAR) }],
    ['a clear token that is cut short', { clear: base64(CLEAR.slice(0, 23)), secret: base64(SECRET) }],
    ['a clear token that is too long', { clear: base64(Uint8Array.of(...CLEAR, 0)), secret: base64(SECRET) }],
    ['a secret token that is too short', { clear: base64(CLEAR), secret: base64(Uint8Array.of(1, 2, 3)) }],
    ['numbers for a token', { clear: 1, secret: 2 }],
  ])('does not take %s for one', async (_, json) => {
    venus.answer({ status: 200, json });
    await expect(server.login(jan, 'x')).rejects.toThrow(ProtocolError);
  });
});

describe('a change of password at the embedded venus', () => {
  test('gives the old and the new one', async () => {
    venus.answer({ status: 200, json: {} });
    await expect(server.changePassword(jan, 'old', 'new')).resolves.toBeUndefined();
    expect(venus.requests).toEqual([
      { method: 'POST', url: '/v1/auth/password', json: { ...jan, oldPassword: 'old', newPassword: 'new' } },
    ]);
  });

  test('is refused with a wrong old password', async () => {
    venus.answer({ status: 403, json: { code: 'wrong-password', message: 'No.' } });
    await expect(server.changePassword(jan, 'old', 'new')).rejects.toMatchObject({ code: 'wrong-password' });
  });
});
