import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Call, encodeCall } from '../../../src/ipc/call.ts';
import { hoardAdd } from '../../../src/ipc/calls/hoardAdd.ts';
import { hoardClear } from '../../../src/ipc/calls/hoardClear.ts';
import { hoardDelete } from '../../../src/ipc/calls/hoardDelete.ts';
import { hoardDisable } from '../../../src/ipc/calls/hoardDisable.ts';
import { hoardEnable } from '../../../src/ipc/calls/hoardEnable.ts';
import { hoardList } from '../../../src/ipc/calls/hoardList.ts';
import { hoardVerify } from '../../../src/ipc/calls/hoardVerify.ts';
import { hoardWalk } from '../../../src/ipc/calls/hoardWalk.ts';
import { ProtocolError } from '../../../src/ipc/errors.ts';
import { ALL_USERS, hoardExpansions, isHoardName } from '../../../src/ipc/hoardName.ts';
import { i32, name, u32 } from '../../support/arbitraries.ts';
import { plain } from '../../support/bytes.ts';
import { type Recording, readRecordings } from '../../support/recordings.ts';

const recordings = readRecordings('hoard.jsonl');
const calls = [
  hoardAdd,
  hoardClear,
  hoardDelete,
  hoardDisable,
  hoardEnable,
  hoardList,
  hoardVerify,
  hoardWalk,
] as const;

function recordingsOf({ opcode }: { readonly opcode: number }): readonly Recording[] {
  return recordings.filter((recording) => recording.opcode === opcode);
}

/** Where texts stand in a request, from and to: what follows their NUL is stale memory of the C tool. */
const textFields: Readonly<Record<number, readonly (readonly [number, number])[]>> = {
  [hoardAdd.opcode]: [
    [4, 69],
    [69, 1096],
  ],
  [hoardDelete.opcode]: [
    [4, 69],
    [69, 1096],
  ],
  [hoardList.opcode]: [[0, 1024]],
  [hoardVerify.opcode]: [[0, 1024]],
};

function withoutStaleBytes({ opcode, input }: Recording): Uint8Array {
  const bytes = Uint8Array.from(input);
  for (const [from, to] of textFields[opcode] ?? []) bytes.fill(0, bytes.indexOf(0, from), to);
  return bytes;
}

/** Bytes to a typed value and back. */
function rebuilt<Request>(call: Call<Request, unknown>, { input }: Recording): Uint8Array {
  return plain(call.request.encode(call.request.decode(input)));
}

describe('requests of the C hoard, recorded on a real venus', () => {
  test('are there for each call', () => {
    expect(recordings).toHaveLength(52);
    for (const call of calls) expect(recordingsOf(call), call.name).not.toHaveLength(0);
  });

  test.each(calls.flatMap((call) => recordingsOf(call).map((recording) => ({ call, recording }))))(
    '$call.name, number $recording.index: the same bytes, where they mean something',
    ({ call, recording }) => {
      // Each row has a call of its own kind.
      const encode = () => {
        switch (call.opcode) {
          case hoardAdd.opcode:
            return rebuilt(hoardAdd, recording);
          case hoardDelete.opcode:
            return rebuilt(hoardDelete, recording);
          case hoardClear.opcode:
            return rebuilt(hoardClear, recording);
          case hoardList.opcode:
            return rebuilt(hoardList, recording);
          case hoardVerify.opcode:
            return rebuilt(hoardVerify, recording);
          default:
            return rebuilt(hoardWalk, recording);
        }
      };
      expect(encode()).toEqual(withoutStaleBytes(recording));
      expect(recording).toMatchObject({ path: '/', follow: call.follow ? 1 : 0, outSize: call.outSize });
    },
  );

  test('say what the tool was told', () => {
    const [added] = recordingsOf(hoardAdd).filter(({ index }) => index === 372);
    if (!added) throw new Error('no such recording');
    expect(hoardAdd.request.decode(added.input)).toEqual({
      volume: 0x7f000001,
      realm: 'coda.test',
      name: './a/b',
      priority: 500,
      expansion: 'children',
    });
    const cleared = recordingsOf(hoardClear).map(({ input }) => hoardClear.request.decode(input));
    expect(cleared).toContain(ALL_USERS);
  });
});

const hoardName = fc
  .array(
    name(40).filter((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('/')),
    { maxLength: 5 },
  )
  .map((parts) => ['.', ...parts].join('/'));
const entryName = fc.record({ volume: u32, realm: name(64), name: hoardName });

describe('payloads of hoard', () => {
  test('come back from their bytes, which have the size that venus wants', () => {
    const added = fc.tuple(entryName, i32, fc.constantFrom(...hoardExpansions));
    fc.assert(
      fc.property(added, name(1023), u32, i32, ([entry, priority, expansion], outFile, uid, verbosity) => {
        const whole = { ...entry, priority, expansion };
        expect(hoardAdd.request.decode(hoardAdd.request.encode(whole))).toEqual(whole);
        expect(hoardAdd.request.encode(whole)).toHaveLength(1104);
        expect(hoardDelete.request.decode(hoardDelete.request.encode(entry))).toEqual(entry);
        expect(hoardDelete.request.encode(entry)).toHaveLength(1096);
        const listing = { outFile, uid };
        expect(hoardList.request.decode(hoardList.request.encode(listing))).toEqual(listing);
        expect(hoardList.request.encode(listing)).toHaveLength(1032);
        const verification = { ...listing, verbosity };
        expect(hoardVerify.request.decode(hoardVerify.request.encode(verification))).toEqual(verification);
        expect(hoardVerify.request.encode(verification)).toHaveLength(1036);
        expect(hoardClear.request.decode(hoardClear.request.encode(uid))).toBe(uid);
      }),
      { numRuns: 50 },
    );
  });

  test('of any other size are refused', () => {
    const largest = 1104;
    fc.assert(
      fc.property(fc.nat({ max: largest + 1 }), (size) => {
        for (const call of calls) {
          const [recording] = recordingsOf(call);
          if (size === recording?.input.length) continue;
          expect(() => call.request.decode(new Uint8Array(size)), call.name).toThrow(ProtocolError);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('with a name that leads out of its volume are refused, and so is a name that does not fit', () => {
    const entry = { volume: 1, realm: 'r', name: '.' };
    const bytes = Uint8Array.from(hoardDelete.request.encode(entry));
    for (const evil of ['/etc', './../x', './a//b', './.', 'a', './a/']) {
      const changed = Uint8Array.from(bytes);
      changed.set(Buffer.from(evil), 69);
      expect(() => hoardDelete.request.decode(changed), evil).toThrow(ProtocolError);
      expect(isHoardName(evil)).toBe(false);
    }
    expect(() => encodeCall(hoardDelete, '/', { ...entry, name: `./${'a'.repeat(1022)}` })).toThrow(
      ProtocolError,
    );
    expect(() => encodeCall(hoardDelete, '/', { ...entry, realm: 'r'.repeat(65) })).toThrow(ProtocolError);
  });

  test('plus bits that C venus knows: plain without INHERIT, descendants before children', () => {
    const bytes = Uint8Array.from(
      hoardAdd.request.encode({ volume: 1, realm: 'r', name: '.', priority: 10, expansion: 'none' }),
    );
    const withBits = (bits: number) => {
      bytes[1100] = bits;
      return hoardAdd.request.decode(bytes).expansion;
    };
    expect([0, 2, 4, 3, 5, 7, 1].map(withBits)).toEqual([
      'none',
      'none',
      'none',
      'children',
      'descendants',
      'descendants',
      'none',
    ]);
  });
});
