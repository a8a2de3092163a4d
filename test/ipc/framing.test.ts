import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/ipc/errors.ts';
import {
  type DecodedReply,
  type PioctlRequest,
  MAX_OUTPUT,
  decodeReply,
  decodeRequest,
  decodeRequestHeader,
  encodeReply,
  encodeRequest,
} from '../../src/ipc/framing.ts';
import { anyBytes, u32 } from '../support/arbitraries.ts';
import { bytesOfHex, bytesOfText, joinBytes, plain } from '../support/bytes.ts';

const request: PioctlRequest = {
  opcode: 208,
  path: '/r.org/ä',
  follow: true,
  input: bytesOfHex('00 ff 0a'),
  outSize: 2048,
};
const requestFrame = joinBytes(
  bytesOfText('208\n9\n1\n3\n2048\n\0/r.org/'),
  bytesOfHex('c3 a4'),
  bytesOfHex('00 ff 0a'),
);

/** What remains of an answer to arbitrary bytes when ProtocolError is one of the answers. */
function orRefused<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return undefined;
  }
}

describe('a request frame', () => {
  test('is five numbers, one a line, a NUL, the path and the input', () => {
    expect(plain(encodeRequest(request))).toEqual(requestFrame);
  });

  test('counts the bytes of the path, not its characters', () => {
    const escaped = { ...request, path: '/\udcff' };
    expect(plain(encodeRequest(escaped))).toEqual(
      joinBytes(bytesOfText('208\n2\n1\n3\n2048\n\0/'), bytesOfHex('ff 00 ff 0a')),
    );
  });

  test('does not hold the name of the call', () => {
    expect(plain(encodeRequest({ ...request, name: 'getpath' }))).toEqual(requestFrame);
  });

  test('that comes byte by byte is no header until its NUL, and then always the same', () => {
    const headerLength = requestFrame.indexOf(0) + 1;
    for (let length = 0; length < headerLength; length++) {
      expect(decodeRequestHeader(requestFrame.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
    for (let length = headerLength; length <= requestFrame.length; length++) {
      expect(decodeRequestHeader(requestFrame.subarray(0, length))).toEqual({
        opcode: 208,
        pathLength: 9,
        follow: true,
        inputLength: 3,
        outSize: 2048,
        headerLength,
      });
    }
  });

  test('comes back as the request it was', () => {
    const path = fc.string({ unit: 'binary', maxLength: 40 });
    const values = fc.record({
      opcode: u32,
      path,
      follow: fc.boolean(),
      input: fc.uint8Array({ maxLength: 64 }),
      outSize: u32,
    });
    fc.assert(
      fc.property(values, fc.uint8Array({ maxLength: 20 }), (value, behind) => {
        const frame = joinBytes(encodeRequest(value), behind);
        const header = decodeRequestHeader(frame);
        expect(header && decodeRequest(header, frame)).toEqual(value);
      }),
    );
  });

  test('with any positive follow means to follow', () => {
    for (const [follow, meant] of [
      ['0', false],
      ['1', true],
      ['7', true],
    ] as const) {
      const frame = bytesOfText(`2\n0\n${follow}\n0\n0\n\0`);
      expect(decodeRequestHeader(frame)?.follow).toBe(meant);
    }
  });

  test('keeps its input although the buffer it came in is used again', () => {
    const buffer = plain(requestFrame);
    const header = decodeRequestHeader(buffer);
    const decoded = header && decodeRequest(header, buffer);
    buffer.fill(0x58);
    expect(decoded).toEqual(request);
  });
});

describe('a reply frame', () => {
  const reply = { errno: 13, body: bytesOfHex('00 01 ff') };
  const frame = joinBytes(bytesOfText('13\n3\n\0'), reply.body);

  test('is two numbers, one a line, a NUL and the body', () => {
    expect(plain(encodeReply(reply))).toEqual(frame);
    expect(plain(encodeReply({ errno: 0, body: new Uint8Array(0) }))).toEqual(bytesOfText('0\n0\n\0'));
  });

  test('that comes byte by byte is nothing until its last byte, and then the reply', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(decodeReply(frame.subarray(0, length), MAX_OUTPUT), `${length} bytes`).toBeUndefined();
    }
    expect(decodeReply(frame, MAX_OUTPUT)).toEqual({ reply, length: frame.length });
  });

  test('is found at the start of a buffer with many, one after the other', () => {
    const body = fc.uint8Array({ maxLength: 50 });
    const replies = fc.array(fc.record({ errno: u32, body }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(replies, (values) => {
        let buffer = joinBytes(...values.map(encodeReply));
        const found: DecodedReply['reply'][] = [];
        while (buffer.length > 0) {
          const decoded = decodeReply(buffer, MAX_OUTPUT);
          if (!decoded) throw new Error('a reply is missing');
          found.push(decoded.reply);
          buffer = buffer.subarray(decoded.length);
        }
        expect(found).toEqual(values);
      }),
    );
  });

  test('may be as large as was allowed and no larger, and is refused before its body has come', () => {
    const body = new Uint8Array(MAX_OUTPUT).fill(7);
    const largest = joinBytes(bytesOfText('0\n2048\n\0'), body);
    expect(decodeReply(largest, MAX_OUTPUT)?.reply.body).toEqual(body);
    expect(() => decodeReply(bytesOfText('0\n2049\n\0'), MAX_OUTPUT)).toThrow(ProtocolError);
    expect(() => decodeReply(bytesOfText('0\n9999999999\n\0'), MAX_OUTPUT)).toThrow(ProtocolError);
    expect(() => decodeReply(bytesOfText('0\n1\n\0'), 0)).toThrow(ProtocolError);
  });

  test('keeps its body although the buffer it came in is used again', () => {
    const buffer = plain(frame);
    const decoded = decodeReply(buffer, MAX_OUTPUT);
    buffer.fill(0x58);
    expect(decoded?.reply.body).toEqual(reply.body);
  });
});

describe('bytes that are no frame', () => {
  test.each([
    ['a letter', 'x'],
    ['a letter behind a number', '1x'],
    ['a sign', '-1\n0\n\0'],
    ['an empty line', '\n'],
    ['an empty second line', '0\n\n'],
    ['a NUL too early', '0\n\0'],
    ['a NUL at once', '\0'],
    ['a NUL instead of the newline', '0\n5\0'],
    ['a third number', '0\n0\n0'],
    ['a number of more digits than any has', '12345678901'],
    ['a carriage return', '0\r\n0\n\0'],
    ['blanks', ' 0\n0\n\0'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n'],
  ])('%s is refused as a reply, and as soon as it is seen', (_, text) => {
    expect(() => decodeReply(bytesOfText(text), MAX_OUTPUT)).toThrow(ProtocolError);
  });

  test('a request header of four or six numbers is refused', () => {
    expect(() => decodeRequestHeader(bytesOfText('2\n0\n1\n0\n\0'))).toThrow(ProtocolError);
    expect(() => decodeRequestHeader(bytesOfText('2\n0\n1\n0\n0\n0'))).toThrow(ProtocolError);
  });

  test('at random are never anything but refused or incomplete, or a reply that fits into them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), anyBytes), (bytes) => {
        const found = orRefused(() => decodeReply(bytes, MAX_OUTPUT));
        expect(found?.length ?? 0).toBeLessThanOrEqual(bytes.length);
        orRefused(() => decodeRequestHeader(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('made of a good frame by a change are never anything but refused, incomplete or another frame', () => {
    const change = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('replace', 'remove', 'insert'),
      byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 0x0a, 0x30, 0x39, 0x2d)),
    });
    const replies = fc.record({ errno: u32, body: fc.uint8Array({ maxLength: 30 }) });
    fc.assert(
      fc.property(replies, fc.array(change, { minLength: 1, maxLength: 3 }), (value, changes) => {
        const bytes = [...encodeReply(value)];
        for (const { at, kind, byte } of changes) {
          const place = at % (bytes.length + 1);
          bytes.splice(place, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [byte]));
        }
        const mutated = Uint8Array.from(bytes);
        const found = orRefused(() => decodeReply(mutated, MAX_OUTPUT));
        if (found) expect(plain(encodeReply(found.reply)).length).toBeLessThanOrEqual(mutated.length);
        orRefused(() => decodeRequestHeader(mutated));
      }),
      { numRuns: 2000 },
    );
  });
});
