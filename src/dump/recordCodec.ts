import { ByteReader, ByteWriter } from '../ipc/bytes.ts';
import { ProtocolError } from '../ipc/errors.ts';
import { decodeText, encodeText } from '../ipc/text.ts';
import { readVersionVector, writeVersionVector } from '../ipc/versionVector.ts';
import {
  DIGEST_SIZE,
  type DumpRecord,
  type DumpedRights,
  FINGERPRINT_SIZE,
  FORMAT,
  type HeaderRecord,
  ID_SIZE,
  type IndexEntry,
  MAX_NAME,
  type ObjectId,
  type ObjectRecord,
  type ObjectStatus,
  type PrincipalsRecord,
  type TrailerRecord,
  VNODE_LIMIT,
} from './record.ts';

/** Frame types. Numbers are only ever added. */
const types = {
  header: 1,
  index: 2,
  'index-end': 3,
  principals: 4,
  removed: 5,
  object: 6,
  names: 7,
  data: 8,
  hole: 9,
  trailer: 10,
} as const satisfies Record<DumpRecord['kind'], number>;

const objectTypes = ['directory', 'file', 'symlink'] as const;
/** Bytes of what is longer than a name: messages of a volume, targets of links, names of realms. */
const MAX_TEXT = 64 * 1024;
const [KEY_SIZE, MAX_RIGHTS] = [8, 4096];

export function typeOf(record: DumpRecord): number {
  return types[record.kind];
}

export function encodeRecord(record: DumpRecord): Uint8Array {
  const writer = new ByteWriter();
  switch (record.kind) {
    case 'header':
      writeHeader(writer, record);
      break;
    case 'index':
      for (const entry of record.entries) writeId(writer, entry).bytes(entry.fingerprint);
      break;
    case 'index-end':
      writer.u64(record.objects).u64(record.dumpedObjects).u64(record.dumpedBytes).bytes(record.state);
      break;
    case 'principals':
      writePrincipals(writer, record);
      break;
    case 'removed':
      for (const id of record.objects) writeId(writer, id);
      break;
    case 'object':
      writeObject(writer, record);
      break;
    case 'names':
      writeNames(writeId(writer, record.id), record.names);
      break;
    case 'data':
      writeId(writer, record.id).u64(record.offset).bytes(record.bytes);
      break;
    case 'hole':
      writeId(writer, record.id).u64(record.offset).u64(record.length);
      break;
    case 'trailer':
      for (const name of counterNames) writer.u64(record.counters[name]);
      writer.bytes(record.digest);
      break;
  }
  return writer.finish();
}

/**
 * @param payload of data the record keeps a view, no copy
 * @throws ProtocolError if it is no record of this type
 */
export function decodeRecord(type: number, payload: Uint8Array): DumpRecord {
  const reader = new ByteReader(payload, 'dump');
  const record = read(type, reader, payload);
  if (reader.remaining > 0 && record.kind !== 'data') malformed('it is longer than what it says');
  return record;
}

function read(type: number, reader: ByteReader, payload: Uint8Array): DumpRecord {
  switch (type) {
    case types.header:
      return readHeader(reader);
    case types.index:
      return { kind: 'index', entries: readAll(reader, KEY_SIZE + FINGERPRINT_SIZE, readIndexEntry) };
    case types['index-end']:
      return {
        kind: 'index-end',
        objects: reader.u64(),
        dumpedObjects: reader.u64(),
        dumpedBytes: reader.u64(),
        state: reader.bytes(DIGEST_SIZE),
      };
    case types.principals:
      return readPrincipals(reader);
    case types.removed:
      return { kind: 'removed', objects: readAll(reader, KEY_SIZE, readId) };
    case types.object:
      return readObject(reader);
    case types.names:
      return { kind: 'names', id: readId(reader), names: readNames(reader) };
    case types.data:
      return {
        kind: 'data',
        id: readId(reader),
        offset: reader.u64(),
        bytes: payload.subarray(payload.length - reader.remaining),
      };
    case types.hole:
      return { kind: 'hole', id: readId(reader), offset: reader.u64(), length: reader.u64() };
    case types.trailer:
      return readTrailer(reader);
    default:
      return malformed(`there is no record of type ${type}`);
  }
}

function writeHeader(writer: ByteWriter, { id, created, realm, server, volume, base }: HeaderRecord): void {
  writer.u32(FORMAT).bytes(id).f64(created);
  writeText(writeText(writer, encodeText(realm)), encodeText(server));
  writer.u32(volume.id);
  writeText(writer, encodeText(volume.name));
  writer.i32(volume.minQuota).i32(volume.maxQuota).u64(volume.blocksUsed);
  writeText(writeText(writer, volume.offlineMessage), volume.messageOfTheDay);
  writer.u32(volume.nextDirectory).u32(volume.nextFile).u32(volume.nextUnique);
  writer.u8(base ? 1 : 0);
  if (base) writer.bytes(base.id).bytes(base.state);
}

function readHeader(reader: ByteReader): HeaderRecord {
  const format = reader.u32();
  if (format !== FORMAT) malformed(`its format is ${format}; this version of coda-toolkit knows ${FORMAT}`);
  const [id, created] = [reader.bytes(ID_SIZE), reader.f64()];
  const [realm, server] = [decodeText(readText(reader)), decodeText(readText(reader))];
  const volume = {
    id: reader.u32(),
    name: decodeText(readText(reader)),
    minQuota: reader.i32(),
    maxQuota: reader.i32(),
    blocksUsed: reader.u64(),
    offlineMessage: readText(reader),
    messageOfTheDay: readText(reader),
    nextDirectory: reader.u32(),
    nextFile: reader.u32(),
    nextUnique: reader.u32(),
  };
  const hasBase = readFlag(reader);
  const base = hasBase ? { id: reader.bytes(ID_SIZE), state: reader.bytes(DIGEST_SIZE) } : undefined;
  return { kind: 'header', id, created: checkTime(created), realm, server, volume, base };
}

function writePrincipals(writer: ByteWriter, { principals }: PrincipalsRecord): void {
  for (const { id, type, name } of principals)
    writeText(writer.i32(id).u8(type === 'user' ? 0 : 1), encodeText(name));
}

function readPrincipals(reader: ByteReader): PrincipalsRecord {
  const principals = [];
  while (reader.remaining > 0) {
    const id = reader.i32();
    const type = readFlag(reader) ? 'group' : 'user';
    principals.push({ id, type, name: decodeText(readText(reader)) } as const);
  }
  return { kind: 'principals', principals };
}

function writeObject(writer: ByteWriter, { status, nameCount }: ObjectRecord): void {
  writeStatus(writer, status);
  writer.i32(status.owner);
  if (status.type === 'directory') {
    writeRights(writer, status.positive);
    writeRights(writer, status.negative);
  }
  writer.u32(nameCount);
  writeNames(writer, status.names);
}

/** What of an object does not depend on the realm it is in, nor on its names. */
export function writeStatus(writer: ByteWriter, status: ObjectStatus): void {
  writeId(writer, status.id).u8(objectTypes.indexOf(status.type));
  writeId(writer, status.parent ?? { vnode: 0, unique: 0 });
  writeVersionVector(writer.u32(status.mode).f64(status.modified), status.versionVector);
  if (status.type === 'file') writer.u64(status.length);
  if (status.type === 'symlink') writeText(writer, status.target);
}

function readObject(reader: ByteReader): ObjectRecord {
  const id = readId(reader);
  const type = objectTypes[reader.u8()] ?? malformed('an object has an unknown type');
  if ((id.vnode % 2 === 1) !== (type === 'directory')) malformed('directories alone have odd numbers');
  const [parentVnode, parentUnique] = [reader.u32(), reader.u32()];
  const isRoot = id.vnode === 1;
  if (isRoot !== (parentVnode === 0)) malformed('the root alone is in no directory');
  const parent = isRoot ? undefined : checkId({ vnode: parentVnode, unique: parentUnique });
  if (parent && parent.vnode % 2 === 0) malformed('an object is in something that is no directory');
  const [mode, modified] = [reader.u32() & 0o7777, checkTime(reader.f64())];
  const versionVector = readVersionVector(reader);
  const length = type === 'file' ? checkLength(reader.u64()) : 0n;
  const target = type === 'symlink' ? readText(reader) : new Uint8Array(0);
  const common = { id, parent, mode, modified, versionVector, owner: reader.i32() };
  const [positive, negative] =
    type === 'directory' ? [readRights(reader), readRights(reader)] : ([[], []] as const);
  const nameCount = reader.u32();
  const names = readNames(reader);
  if (names.length > nameCount) malformed('an object has more names than it says');
  if (isRoot ? nameCount > 0 : nameCount === 0 || (type !== 'file' && nameCount > 1))
    malformed('an object has an impossible number of names');
  if (type === 'directory')
    return { kind: 'object', nameCount, status: { ...common, names, type, positive, negative } };
  if (type === 'file') return { kind: 'object', nameCount, status: { ...common, names, type, length } };
  return { kind: 'object', nameCount, status: { ...common, names, type, target } };
}

function writeRights(writer: ByteWriter, rights: readonly DumpedRights[]): void {
  writer.u32(rights.length);
  for (const entry of rights) writer.i32(entry.id).u32(entry.rights);
}

function readRights(reader: ByteReader): readonly DumpedRights[] {
  const count = reader.u32();
  if (count > MAX_RIGHTS) malformed('an access list is too long');
  return Array.from({ length: count }, () => ({ id: reader.i32(), rights: reader.u32() }));
}

function writeNames(writer: ByteWriter, names: readonly string[]): void {
  for (const name of names) {
    const bytes = encodeText(name);
    if (bytes.length > MAX_NAME) malformed(`a name of ${bytes.length} bytes is too long`);
    writer.u8(bytes.length).bytes(bytes);
  }
}

/** Names as they can stand in a directory: never a way out of it. */
function readNames(reader: ByteReader): readonly string[] {
  const names: string[] = [];
  while (reader.remaining > 0) {
    const bytes = reader.bytes(reader.u8());
    const name = decodeText(bytes);
    if (bytes.length === 0 || name === '.' || name === '..' || /[/\0]/.test(name))
      malformed('an object has a name that cannot be one');
    names.push(name);
  }
  return names;
}

const counterNames = [
  'directories',
  'files',
  'symlinks',
  'names',
  'removed',
  'dataBytes',
  'holeBytes',
] as const;

function readTrailer(reader: ByteReader): TrailerRecord {
  const counters = {
    directories: reader.u64(),
    files: reader.u64(),
    symlinks: reader.u64(),
    names: reader.u64(),
    removed: reader.u64(),
    dataBytes: reader.u64(),
    holeBytes: reader.u64(),
  };
  return { kind: 'trailer', counters, digest: reader.bytes(DIGEST_SIZE) };
}

function writeId(writer: ByteWriter, { vnode, unique }: ObjectId): ByteWriter {
  return writer.u32(vnode).u32(unique);
}

function readId(reader: ByteReader): ObjectId {
  return checkId({ vnode: reader.u32(), unique: reader.u32() });
}

function readIndexEntry(reader: ByteReader): IndexEntry {
  return { ...readId(reader), fingerprint: reader.bytes(FINGERPRINT_SIZE) };
}

function readAll<Entry>(
  reader: ByteReader,
  size: number,
  readOne: (reader: ByteReader) => Entry,
): readonly Entry[] {
  return Array.from({ length: Math.ceil(reader.remaining / size) }, () => readOne(reader));
}

function writeText(writer: ByteWriter, bytes: Uint8Array): ByteWriter {
  return writer.u32(bytes.length).bytes(bytes);
}

function readText(reader: ByteReader): Uint8Array {
  const length = reader.u32();
  if (length > MAX_TEXT) malformed('a text is too long');
  return reader.bytes(length);
}

function readFlag(reader: ByteReader): boolean {
  const flag = reader.u8();
  if (flag > 1) malformed('a flag is neither 0 nor 1');
  return flag === 1;
}

function checkId(id: ObjectId): ObjectId {
  if (id.vnode === 0 || id.vnode >= VNODE_LIMIT || id.unique >= VNODE_LIMIT)
    malformed('an object has an impossible number');
  if (id.vnode === 1 && id.unique !== 1) malformed('the root has an impossible number');
  return id;
}

/** Venus counts the bytes of one file in numbers of 53 bits. */
function checkLength(length: bigint): bigint {
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) malformed('a file is impossibly long');
  return length;
}

function checkTime(time: number): number {
  if (!Number.isFinite(time)) malformed('a time is no number');
  return time;
}

function malformed(what: string): never {
  throw new ProtocolError(what);
}
