import { describe, expect, it } from 'vitest';
import { encodeCall } from '../../../src/ipc/call.ts';
import {
  collapseObject,
  disableRepair,
  enableRepair,
  expandObject,
} from '../../../src/ipc/calls/expandObject.ts';
import { getPath } from '../../../src/ipc/calls/getPath.ts';
import { type RepairSource, repairObject } from '../../../src/ipc/calls/repairObject.ts';
import { setVersionVector } from '../../../src/ipc/calls/setVersionVector.ts';
import { bytesOfHex, bytesOfText, plain } from '../../support/bytes.ts';
import { readRecordings } from '../../support/recordings.ts';

const rows = readRecordings('repair/pioctl.jsonl');
const ofOpcode = (opcode: number) => rows.filter((row) => row.opcode === opcode);

describe('requests of repair recorded on a real venus', () => {
  const repairs = ofOpcode(repairObject.opcode).filter(({ input }) => input.length > 0);

  it('are four repairs', () => {
    expect(repairs.map(({ index }) => index)).toEqual([698, 783, 812, 860]);
  });

  it.each(repairs)('$index: the file is read from the request, and written to the same bytes', (row) => {
    const source = repairObject.request.decode(row.input);
    expect(source.kind === 'local' && source.path).toMatch(/^\/tmp\//);
    const request = encodeCall(repairObject, row.path, source);
    expect(plain(request.input)).toEqual(row.input);
    expect([request.opcode, request.follow, request.outSize]).toEqual([194, row.follow === 1, row.outSize]);
  });

  it.each(ofOpcode(repairObject.opcode))('$index: what each server made of it', (row) => {
    const bytes = row.output ?? new Uint8Array();
    const codes = repairObject.reply.decode(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    expect(codes.length).toBeGreaterThan(0);
    codes.forEach(({ volume, code }, slot) => {
      expect(volume).toBe(view.getUint32(4 * slot, true));
      expect(code).toBe(view.getInt32(32 + 4 * slot, true));
    });
    expect(plain(repairObject.reply.encode(codes))).toEqual(bytes);
  });

  it('a file that exists at two servers is told by its errno', () => {
    const [row] = rows.filter(({ index }) => index === 860);
    expect(repairObject.reply.decode(row?.output ?? new Uint8Array()).map(({ code }) => code)).toEqual([
      17, 0, 17,
    ]);
  });

  it.each([
    [expandObject, 7],
    [collapseObject, 7],
    [enableRepair, 11],
    [disableRepair, 14],
  ] as const)('$name is sent without a payload, as it was recorded or less', (definition, count) => {
    const recorded = ofOpcode(definition.opcode);
    expect(recorded).toHaveLength(count);
    for (const { path, follow } of recorded) {
      const request = encodeCall(definition, path);
      expect(request.input).toHaveLength(0);
      expect([request.opcode, request.follow]).toEqual([definition.opcode, follow === 1]);
    }
  });
});

describe('a repair by a file in Coda', () => {
  const source: RepairSource = {
    kind: 'coda',
    fid: { volume: 0x2000002, vnode: 0xe, unique: 0x24 },
    realm: 'coda.test',
  };

  it('names it in hexadecimal without zeros, and the realm', () => {
    expect(plain(repairObject.request.encode(source))).toEqual(bytesOfText('@2000002.e.24@coda.test\0'));
    expect(repairObject.request.decode(bytesOfText('@02000002.0000000e.00000024@coda.test\0'))).toEqual(
      source,
    );
  });

  it('is not made of a path that venus would look for elsewhere', () => {
    expect(() => repairObject.request.encode({ kind: 'local', path: 'merged' })).toThrow('no absolute path');
    expect(() => repairObject.request.decode(bytesOfText('merged\0'))).toThrow('neither a path nor a fid');
  });
});

describe('a version vector', () => {
  const vector = {
    versions: [2, 1, 0, 0, 0, 0, 0, 0],
    storeId: { host: 0xc35f97b7, unique: 0x7e },
    flags: 1,
  };

  it('takes 44 bytes, and nothing else will do', () => {
    const bytes = setVersionVector.request.encode(vector);
    expect(plain(bytes)).toEqual(
      bytesOfHex('0200000001000000' + '00000000'.repeat(6) + 'b7975fc3' + '7e000000' + '01000000'),
    );
    expect(setVersionVector.request.decode(bytes)).toEqual(vector);
    expect(() => setVersionVector.request.decode(bytes.subarray(1))).toThrow('44 expected');
    // As a real venus refused a request without one.
    expect(ofOpcode(199).map(({ input, errno }) => [input.length, errno])).toEqual([[0, 22]]);
  });
});

describe('a fid of a realm with a short name', () => {
  it('is filled up to what venus takes', () => {
    const fid = { volume: 1, vnode: 2, unique: 3, realm: 'x' };
    const bytes = getPath.request.encode(fid);
    expect(bytes).toHaveLength(17);
    expect(getPath.request.decode(bytes)).toEqual(fid);
  });
});
