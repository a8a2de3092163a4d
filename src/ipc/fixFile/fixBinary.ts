/** The binary form of fix files, which venus and the servers read (spec/repair.md, 11). Numbers are big-endian. */
import { concatBytes, decodeText, encodeText } from '../text.ts';
import {
  type FixFile,
  FixFileError,
  type FixKeyword,
  type FixOperation,
  type FixStep,
  MAX_FIX_NAME,
  MAX_MODE,
  MAX_OWNER,
  MAX_RIGHTS,
  MAX_SECTIONS,
} from './fixFile.ts';

const opcodes: Readonly<Record<FixKeyword, number>> = {
  createf: 174321,
  created: 174322,
  creates: 174323,
  createl: 174324,
  removefsl: 174325,
  removed: 174326,
  setacl: 174327,
  setnacl: 174328,
  setmode: 174329,
  setowner: 174330,
  setmtime: 174331,
  mv: 174333,
};
const PARAMETERS = 5;
const NEWLINE = 0x0a;

/** @throws FixFileError for a name that the form cannot hold */
export function formatFixBinary({ sections }: FixFile): Uint8Array {
  const headers = sections.flatMap(({ volume, steps }) => [volume, steps.length]);
  const steps = sections.flatMap((section) => section.steps.map(formatStep));
  return concatBytes([words([sections.length, ...headers]), ...steps]);
}

function formatStep({ operation, place }: FixStep): Uint8Array {
  const { name, newName = '', parameters } = fieldsOf(operation);
  const padded = Array.from({ length: PARAMETERS }, (_, at) => parameters[at] ?? 0);
  for (const each of [name, newName]) {
    const bytes = encodeText(each);
    if (bytes.length > MAX_FIX_NAME || bytes.includes(NEWLINE))
      throw new FixFileError('fix file', place, 'a name has a newline, or too many bytes');
  }
  const newline = Uint8Array.of(NEWLINE);
  const text = [encodeText(name), newline, encodeText(newName), newline];
  return concatBytes([words([opcodes[operation.op]]), ...text, words(padded)]);
}

interface Fields {
  readonly name: string;
  readonly newName?: string;
  readonly parameters: readonly number[];
}

function fieldsOf(operation: FixOperation): Fields {
  switch (operation.op) {
    case 'createf':
    case 'created':
    case 'creates':
    case 'createl': {
      const { volume, vnode, unique } = operation.fid;
      return { name: operation.name, parameters: [volume, vnode, unique] };
    }
    case 'removefsl':
    case 'removed':
      return { name: operation.name, parameters: [] };
    case 'mv': {
      const { from, to, volume, source, target } = operation;
      const parameters = [volume, source.vnode, source.unique, target.vnode, target.unique];
      return { name: from, newName: to, parameters };
    }
    case 'setacl':
    case 'setnacl':
      return { name: operation.user, parameters: [operation.rights] };
    case 'setmode':
      return { name: '', parameters: [operation.mode] };
    case 'setowner':
      return { name: '', parameters: [operation.owner] };
    case 'setmtime':
      return { name: '', parameters: [operation.seconds] };
  }
}

function words(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, at) => view.setUint32(4 * at, number));
  return bytes;
}

/**
 * Reads the binary form; it does not have the servers' names.
 * @param file its name, for errors
 * @throws FixFileError with the record, its offset and the reason
 */
export function parseFixBinary(bytes: Uint8Array, file: string): FixFile {
  const reader = new Reader(bytes, file);
  const count = reader.word();
  if (count > MAX_SECTIONS) throw reader.error(`${count} replicas, and a volume has ${MAX_SECTIONS} at most`);
  const headers = Array.from({ length: count }, () => {
    const { place } = reader;
    return { place, volume: reader.word(), steps: reader.word() };
  });
  const sections = headers.map(({ place, volume, steps }) => {
    const read: FixStep[] = [];
    // An array of that length is not made: the number may be anything.
    for (let at = 0; at < steps; at++) read.push(reader.step());
    return { server: '', volume, place, steps: read };
  });
  reader.end();
  return { sections };
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;
  #record = 0;
  /** Where the record begins. */
  #start = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
  }

  get place() {
    return { kind: 'record', record: this.#record, offset: this.#start } as const;
  }

  error(reason: string): FixFileError {
    return new FixFileError(this.#file, this.place, reason);
  }

  word(): number {
    if (this.#at + 4 > this.#bytes.length) throw this.error('the file ends within it');
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  step(): FixStep {
    this.#record += 1;
    this.#start = this.#at;
    const { place } = this;
    const opcode = this.word();
    const found = Object.entries(opcodes).find(([, each]) => each === opcode)?.[0];
    const keyword = found !== undefined && isKeyword(found) ? found : undefined;
    if (keyword === undefined) throw this.error(`${opcode} is the number of no operation`);
    const [name, newName] = [this.#name(), this.#name()];
    const parameters = Array.from({ length: PARAMETERS }, () => this.word());
    const operation = this.#operation(keyword, name, newName, parameters);
    this.#checkUnused(operation, name, newName, parameters);
    return { operation, place };
  }

  end(): void {
    this.#start = this.#at;
    const rest = this.#bytes.length - this.#at;
    if (rest > 0) throw this.error(`${rest} bytes are left behind the last record`);
  }

  #name(): string {
    const window = this.#bytes.subarray(this.#at, this.#at + MAX_FIX_NAME + 1);
    const end = window.indexOf(NEWLINE);
    if (end < 0) throw this.error(`a name has no end within ${MAX_FIX_NAME} bytes`);
    if (window.subarray(0, end).includes(0)) throw this.error('a name contains a NUL');
    this.#at += end + 1;
    return decodeText(window.subarray(0, end));
  }

  #operation(
    op: FixKeyword,
    name: string,
    newName: string,
    [first = 0, second = 0, third = 0, fourth = 0, fifth = 0]: readonly number[],
  ): FixOperation {
    switch (op) {
      case 'createf':
      case 'created':
      case 'creates':
      case 'createl':
        return { op, name, fid: { volume: first, vnode: second, unique: third } };
      case 'removefsl':
      case 'removed':
        return { op, name };
      case 'mv': {
        const [source, target] = [
          { vnode: second, unique: third },
          { vnode: fourth, unique: fifth },
        ];
        return { op, from: name, to: newName, volume: first, source, target };
      }
      case 'setacl':
      case 'setnacl':
        return { op, user: name, rights: this.#atMost(first, MAX_RIGHTS, 'rights') };
      case 'setmode':
        return { op, mode: this.#atMost(first, MAX_MODE, 'a mode') };
      case 'setowner':
        return { op, owner: this.#atMost(first, MAX_OWNER, 'a user id of 16 bits') };
      case 'setmtime':
        return { op, seconds: first };
    }
  }

  #atMost(value: number, max: number, what: string): number {
    if (value > max) throw this.error(`${value} is not ${what}`);
    return value;
  }

  /** What an operation has no use for is empty: anything else is a sign of a shifted file. */
  #checkUnused(operation: FixOperation, name: string, newName: string, parameters: readonly number[]): void {
    const used = fieldsOf(operation);
    if (used.name !== name || (used.newName ?? '') !== newName)
      throw this.error(`${operation.op} has a name that does not belong there`);
    if (parameters.some((parameter, at) => parameter !== (used.parameters[at] ?? 0)))
      throw this.error(`${operation.op} has a number that does not belong there`);
  }
}

function isKeyword(word: string): word is FixKeyword {
  return word in opcodes;
}
