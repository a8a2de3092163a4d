import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodeText } from '../../../src/ipc/text.ts';
import { formatFixBinary, parseFixBinary } from '../../../src/ipc/fixFile/fixBinary.ts';
import { type FixFile, FixFileError, type FixOperation } from '../../../src/ipc/fixFile/fixFile.ts';
import { formatFixText, parseFixText } from '../../../src/repair/replicas/fixText.ts';
import { bytesOfHex } from '../../support/bytes.ts';
import { u32 } from '../../support/arbitraries.ts';
import { hexOf, readPlainBinary, readPlainText } from './plainReading.ts';

const golden = fileURLToPath(new URL('../../golden/fixfiles/', import.meta.url));
const goldenFiles = readdirSync(golden).map((name) => ({ name, bytes: readFileSync(`${golden}${name}`) }));

const parts = fc.tuple(u32, u32);
const name = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .filter((bytes) => !bytes.includes(0) && !bytes.includes(10))
  .map((bytes) => decodeText(bytes));
const operation: fc.Arbitrary<FixOperation> = fc.oneof(
  fc.record({
    op: fc.constantFrom('createf', 'created', 'creates', 'createl'),
    name,
    fid: fc.record({ volume: u32, vnode: u32, unique: u32 }),
  }),
  fc.record({ op: fc.constantFrom('removefsl', 'removed'), name }),
  fc.tuple(name, name, u32, parts, parts).map(([from, to, volume, source, target]): FixOperation => ({
    op: 'mv',
    from,
    to,
    volume,
    source: { vnode: source[0], unique: source[1] },
    target: { vnode: target[0], unique: target[1] },
  })),
  fc.record({ op: fc.constantFrom('setacl', 'setnacl'), user: name, rights: fc.nat({ max: 127 }) }),
  fc.nat({ max: 0o7777 }).map((mode): FixOperation => ({ op: 'setmode', mode })),
  fc.nat({ max: 65535 }).map((owner): FixOperation => ({ op: 'setowner', owner })),
  u32.map((seconds): FixOperation => ({ op: 'setmtime', seconds })),
);
const fixFile: fc.Arbitrary<FixFile> = fc
  .array(fc.tuple(name, u32, fc.array(operation, { maxLength: 6 })), { maxLength: 8 })
  .map((sections) => ({
    sections: sections.map(([server, volume, operations]) => ({
      server,
      volume,
      place: { kind: 'proposed' },
      steps: operations.map((each) => ({ operation: each, place: { kind: 'proposed' } })),
    })),
  }));

/** What a fix file says, without where it says it. */
function said({ sections }: FixFile, withServers = true): unknown {
  return sections.map(({ server, volume, steps }) => [
    withServers ? server : '',
    volume,
    steps.map((step) => step.operation),
  ]);
}

describe('the text form', () => {
  it.each(goldenFiles)('$name, which a real comparedirs wrote, is written again to the byte', ({ bytes }) => {
    expect(Buffer.from(formatFixText(parseFixText(bytes, 'fix')))).toEqual(bytes);
  });

  it('has the meaning that the recorded files have', () => {
    const bytes = readFileSync(`${golden}fix_dir_round2.txt`);
    const { sections } = parseFixText(bytes, 'fix');
    expect(sections.map(({ server, volume, steps }) => [server, volume, steps.length])).toEqual([
      ['s2.coda.test', 0x02000002, 0],
      ['s3.coda.test', 0x03000002, 1],
      ['s1.coda.test', 0x01000004, 3],
    ]);
    expect(sections[2]?.steps[2]).toEqual({
      operation: { op: 'creates', name: 'dd', fid: { volume: 0x7f000003, vnode: 0xc4, unique: 0x45 } },
      place: { kind: 'line', line: 10 },
    });
  });

  it('reads whatever it writes', () => {
    fc.assert(
      fc.property(fixFile, (file) => {
        expect(said(parseFixText(formatFixText(file), 'fix'))).toEqual(said(file));
      }),
    );
  });

  it('counts the last line without a newline, too', () => {
    const { sections } = parseFixText(encodeText('replica s1 1\n\tremovefsl old'), 'fix');
    expect(sections[0]?.steps).toHaveLength(1);
  });

  it.each([
    ['removefsl old\n', 1, 'before the first replica'],
    ['replica s1 1\n\tremovefsl\n', 2, 'a name is missing'],
    ['replica s1 1\n\n\tcreatef a 1 2\n', 3, 'a hexadecimal number of 32 bits is missing'],
    ['replica s1 1\n\tcreatef a 1 2 g\n', 2, '"g" is not a hexadecimal number'],
    ['replica s1 1\n\tcreatef a 1 2 100000000\n', 2, '"100000000" is not a hexadecimal number'],
    ['replica s1 1\n\tremovefsl a b\n', 2, 'there is "b" behind'],
    ['replica s1 1\n\tRemovefsl a\n', 2, 'there is no operation "Removefsl"'],
    ['replica s1 1\n\tdelacl luqi\n', 2, 'there is no operation "delacl"'],
    ['replica s1 1\n\tsetacl luqi rx\n', 2, 'are no rights'],
    ['replica s1 1\n\tsetowner 65536\n', 2, 'is not a user id of 16 bits'],
    ['replica s1 1\n\tsetowner luqi\n', 2, 'is not a user id of 16 bits'],
    ['replica s1 1\n\tsetmode 888\n', 2, 'is not a mode'],
    ['replica s1 1\n\tremovefsl a%2\n', 2, '% needs two'],
    ['replica s1 1\n\tremovefsl "a\n', 2, 'a quote has no end'],
    ['replica s1 1\r\n\tremovefsl a\r\n', 1, 'carriage return'],
    [`replica s1 1\n\tremovefsl ${'a'.repeat(4090)}\n`, 2, '4095 can be read'],
  ])('%j is refused at line %i: %s', (text, line, reason) => {
    const refused = refusalOf(() => parseFixText(encodeText(text), '/tmp/fix'));
    expect(refused?.place).toEqual({ kind: 'line', line });
    expect(refused?.reason).toContain(reason);
    expect(refused?.message).toContain(`/tmp/fix: Syntax error, line ${line}: `);
  });
});

describe('the binary form', () => {
  const vectors: readonly (readonly [string, string])[] = [
    ['', '00000000'],
    [
      '\nreplica alpha.example.org 01000012 \n\tremovefsl old\n\nreplica beta.example.org 01000013 \n\tcreatef new%20name 7f000003 00000a02 000005ff\n\tmv a\tb  7f000003 00000001 00000001 00000003 00000022\n',
      '00000002 01000012 00000001 01000013 00000002 0002a8f5 6f6c640a 0a 00000000 00000000 00000000 00000000 00000000 0002a8f1 6e6577206e616d650a 0a 7f000003 00000a02 000005ff 00000000 00000000 0002a8fd 610a 620a 7f000003 00000001 00000001 00000003 00000022',
    ],
    ['replica s 1\nsetmode 755\n', `00000001 00000001 00000001 0002a8f9 0a 0a 000001ed ${'00'.repeat(16)}`],
    ['replica s 1\nsetowner 1001\n', `00000001 00000001 00000001 0002a8fa 0a 0a 000003e9 ${'00'.repeat(16)}`],
    [
      'replica s 1\nsetacl some+user rlidwka\n',
      `00000001 00000001 00000001 0002a8f7 736f6d6520757365720a 0a 0000007f ${'00'.repeat(16)}`,
    ],
  ];

  it.each(vectors)('%j is written as the original encoder wrote it, and read again', (text, hex) => {
    const bytes = bytesOfHex(hex.replace(/ /g, ''));
    const file = parseFixText(encodeText(text), 'fix');
    expect(Buffer.from(formatFixBinary(file))).toEqual(Buffer.from(bytes));
    expect(said(parseFixBinary(bytes, 'fix'), false)).toEqual(said(file, false));
  });

  it('reads whatever it writes', () => {
    fc.assert(
      fc.property(fixFile, (file) => {
        expect(said(parseFixBinary(formatFixBinary(file), 'fix'), false)).toEqual(said(file, false));
      }),
    );
  });

  it('is not made for a name that venus could not read', () => {
    const long: FixOperation = { op: 'removefsl', name: 'a'.repeat(254) };
    const place = { kind: 'proposed' } as const;
    const sections = [{ server: '', volume: 1, place, steps: [{ operation: long, place }] }];
    expect(() => formatFixBinary({ sections })).toThrow('too many bytes');
  });

  it('tells the record and its offset', () => {
    const good = formatFixBinary(parseFixText(encodeText('replica s 1\nremoved a\nremoved b\n'), 'fix'));
    const bad = Buffer.from(good);
    const second = bad.lastIndexOf('b') - 4;
    bad.writeUInt32BE(174332, second);
    const refused = refusalOf(() => parseFixBinary(bad, 'fix'));
    expect(refused?.place).toEqual({ kind: 'record', record: 2, offset: second });
    expect(refused?.message).toBe(
      `fix: Error in record 2 at byte ${second}: 174332 is the number of no operation`,
    );
  });
});

/** What went wrong in reading; undefined where nothing did. */
function refusalOf(read: () => unknown): FixFileError | undefined {
  try {
    read();
  } catch (error) {
    if (error instanceof FixFileError) return error;
    throw error;
  }
  return undefined;
}

const MUTATIONS = 500;
/** What makes most sense of a fix file, and what makes none. */
const interesting = Array.from(Buffer.from('\n\t "%+0x\r\0gG9\xff', 'latin1'));

/** A file with a few bytes changed, left out, put in or doubled. */
const mutation = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    kind: fc.constantFrom('change', 'remove', 'insert', 'double', 'cut'),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...interesting)),
    length: fc.nat({ max: 30 }),
  }),
  { minLength: 1, maxLength: 3 },
);

function mutated(bytes: Buffer, changes: readonly Change[]): Buffer {
  let now = bytes;
  for (const { at, kind, byte, length } of changes) {
    const place = Math.floor(at * (now.length + 1));
    const [before, after] = [now.subarray(0, place), now.subarray(place)];
    const one = Buffer.from([byte]);
    if (kind === 'change') now = Buffer.concat([before, one, after.subarray(1)]);
    else if (kind === 'remove') now = Buffer.concat([before, after.subarray(length)]);
    else if (kind === 'insert') now = Buffer.concat([before, one, after]);
    else if (kind === 'double') now = Buffer.concat([before, after.subarray(0, length), after]);
    else now = before;
  }
  return now;
}

interface Change {
  readonly at: number;
  readonly kind: 'change' | 'remove' | 'insert' | 'double' | 'cut';
  readonly byte: number;
  readonly length: number;
}

/** As the second reading of the test has it. */
function plainMeaning({ sections }: FixFile, withServers: boolean): readonly string[] {
  const latin = (text: string): string => hexOf(Buffer.from(encodeText(text)).toString('latin1'));
  return sections.flatMap(({ server, volume, steps }) => [
    `replica ${withServers ? latin(server) : '-'} ${volume}`,
    ...steps.map(({ operation: each }) => {
      const { op } = each;
      if ('fid' in each)
        return [op, latin(each.name), each.fid.volume, each.fid.vnode, each.fid.unique].join(' ');
      if (each.op === 'mv') {
        const { source, target } = each;
        const numbers = [each.volume, source.vnode, source.unique, target.vnode, target.unique];
        return [op, latin(each.from), latin(each.to), ...numbers].join(' ');
      }
      if ('rights' in each) return [op, latin(each.user), each.rights].join(' ');
      if ('name' in each) return `${op} ${latin(each.name)}`;
      const value = each.op === 'setmode' ? each.mode : each.op === 'setowner' ? each.owner : each.seconds;
      return `${op} ${value}`;
    }),
  ]);
}

describe(`${MUTATIONS} mutated fix files`, () => {
  const base = fc.oneof(
    fixFile.map((file) => Buffer.from(formatFixText(file))),
    fc.constantFrom(...goldenFiles.map(({ bytes }) => bytes)),
  );

  it('as text are refused with line and reason, or mean what a second reading says', () => {
    const seen = { refused: 0, valid: 0 };
    fc.assert(
      fc.property(base, mutation, (bytes, changes) => {
        const changed = mutated(bytes, changes);
        const second = readPlainText(changed.toString('latin1'));
        const refused = refusalOf(() => parseFixText(changed, 'fix'));
        if (refused) {
          expect(second, refused.message).toBeUndefined();
          expect(refused.message).toMatch(/^fix: Syntax error, line [1-9]\d*: \S/);
          seen.refused += 1;
        } else {
          expect(plainMeaning(parseFixText(changed, 'fix'), true)).toEqual(second);
          seen.valid += 1;
        }
      }),
      { numRuns: MUTATIONS },
    );
    // Of both kinds there are enough to say something.
    expect(Math.min(seen.refused, seen.valid)).toBeGreaterThan(MUTATIONS / 20);
  });

  it('as records are refused with record, offset and reason, or mean what a second reading says', () => {
    const seen = { refused: 0, valid: 0 };
    fc.assert(
      fc.property(fixFile, mutation, (file, changes) => {
        const changed = mutated(Buffer.from(formatFixBinary(file)), changes);
        const second = readPlainBinary(changed);
        const refused = refusalOf(() => parseFixBinary(changed, 'fix'));
        if (refused) {
          expect(second, refused.message).toBeUndefined();
          expect(refused.message).toMatch(/^fix: Error (in record \d+ )?at byte \d+: \S/);
          seen.refused += 1;
        } else {
          expect(plainMeaning(parseFixBinary(changed, 'fix'), false)).toEqual(second);
          seen.valid += 1;
        }
      }),
      { numRuns: MUTATIONS },
    );
    expect(Math.min(seen.refused, seen.valid)).toBeGreaterThan(0);
  });
});
