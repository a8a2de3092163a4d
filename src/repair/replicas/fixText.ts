/** The text form of fix files, which people read and edit (spec/repair.md, 10). */
import { formatRights, parseRights } from '../../acl/rights.ts';
import { decodeText, encodeText, textLength } from '../../ipc/text.ts';
import {
  type FixFile,
  FixFileError,
  type FixKeyword,
  type FixOperation,
  type FixSection,
  type FixStep,
  MAX_MODE,
  MAX_OWNER,
} from '../../ipc/fixFile/fixFile.ts';

const MAX_LINE = 4095;
/** What would end a field, or stand for something else, when the line is read again. */
const special = /[\u0000-\u0020"%+\u007f]/g;

/** As compareDirs writes it: a section for each replica, even where there is nothing to do. */
export function formatFixText({ sections }: FixFile): Uint8Array {
  return encodeText(sections.map(formatSection).join(''));
}

function formatSection({ server, volume, steps }: FixSection): string {
  const lines = steps.map(({ operation }) => `\t${formatOperation(operation)}\n`);
  return `\nreplica ${formatName(server)} ${hex(volume)} \n${lines.join('')}`;
}

function formatOperation(operation: FixOperation): string {
  switch (operation.op) {
    case 'createf':
    case 'created':
    case 'creates':
    case 'createl': {
      const { volume, vnode, unique } = operation.fid;
      return `${operation.op} ${formatName(operation.name)} ${hex(volume)} ${hex(vnode)} ${hex(unique)}`;
    }
    case 'removefsl':
    case 'removed':
      return `${operation.op} ${formatName(operation.name)}`;
    case 'mv': {
      const { from, to, volume, source, target } = operation;
      const numbers = [volume, source.vnode, source.unique, target.vnode, target.unique].map(hex);
      return `mv ${formatName(from)}\t${formatName(to)}  ${numbers.join(' ')}`;
    }
    case 'setacl':
    case 'setnacl':
      return `${operation.op} ${formatName(operation.user)} ${formatRights(operation.rights) || 'none'}`;
    case 'setmode':
      return `setmode ${operation.mode.toString(8)}`;
    case 'setowner':
      return `setowner ${operation.owner}`;
    case 'setmtime':
      return `setmtime ${operation.seconds.toString(16)}`;
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}

function formatName(name: string): string {
  const coded = name.replace(special, (character) => percent(character.charCodeAt(0)));
  return coded === '' ? '""' : coded;
}

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`;
}

/**
 * Reads the text form.
 * @param file its name, for errors
 * @throws FixFileError with the line and the reason
 */
export function parseFixText(bytes: Uint8Array, file: string): FixFile {
  const sections: (FixSection & { readonly steps: FixStep[] })[] = [];
  decodeText(bytes)
    .split('\n')
    .forEach((text, at) => {
      const line = new Line(text, file, at + 1);
      const keyword = line.keyword();
      if (keyword === undefined) return;
      if (keyword === 'replica') {
        sections.push({ server: line.name(), volume: line.hex(), steps: [], place: line.place });
        line.end();
        return;
      }
      const section = sections.at(-1);
      if (!section) throw line.error(`${keyword} stands before the first replica`);
      const operation = parseOperation(keyword, line);
      line.end();
      section.steps.push({ operation, place: line.place });
    });
  return { sections };
}

function parseOperation(keyword: FixKeyword, line: Line): FixOperation {
  switch (keyword) {
    case 'createf':
    case 'created':
    case 'creates':
    case 'createl':
      return {
        op: keyword,
        name: line.name(),
        fid: { volume: line.hex(), vnode: line.hex(), unique: line.hex() },
      };
    case 'removefsl':
    case 'removed':
      return { op: keyword, name: line.name() };
    case 'mv':
      return {
        op: 'mv',
        from: line.name(),
        to: line.name(),
        volume: line.hex(),
        source: { vnode: line.hex(), unique: line.hex() },
        target: { vnode: line.hex(), unique: line.hex() },
      };
    case 'setacl':
    case 'setnacl':
      return { op: keyword, user: line.name(), rights: line.rights() };
    case 'setmode':
      return { op: 'setmode', mode: line.number(8, MAX_MODE, 'a mode') };
    case 'setowner':
      return { op: 'setowner', owner: line.number(10, MAX_OWNER, 'a user id of 16 bits') };
    case 'setmtime':
      return { op: 'setmtime', seconds: line.hex() };
  }
}

const digits = { 8: /^[0-7]+$/, 10: /^\d+$/, 16: /^(0[xX])?[0-9a-fA-F]+$/ } as const;
const keywords: ReadonlySet<string> = new Set<FixKeyword | 'replica'>([
  ...(['createf', 'created', 'creates', 'createl', 'removefsl', 'removed'] as const),
  ...(['mv', 'setacl', 'setnacl', 'setmode', 'setowner', 'setmtime', 'replica'] as const),
]);

function isKeyword(word: string): word is FixKeyword | 'replica' {
  return keywords.has(word);
}

/** The fields of a line, taken one after the other. */
class Line {
  readonly place: { readonly kind: 'line'; readonly line: number };
  readonly #file: string;
  readonly #text: string;
  #at = 0;

  constructor(text: string, file: string, line: number) {
    this.#text = text;
    this.#file = file;
    this.place = { kind: 'line', line };
    const length = textLength(text);
    if (length > MAX_LINE) throw this.error(`the line has ${length} bytes, and ${MAX_LINE} can be read`);
    if (text.includes('\0')) throw this.error('the line contains a NUL');
    // Anywhere else it would silently become part of a name.
    if (text.endsWith('\r')) throw this.error('the line ends in a carriage return');
  }

  error(reason: string): FixFileError {
    return new FixFileError(this.#file, this.place, reason);
  }

  /** Undefined for an empty line. */
  keyword(): FixKeyword | 'replica' | undefined {
    const word = this.#field()?.text;
    if (word === undefined) return undefined;
    if (!isKeyword(word)) throw this.error(`there is no operation ${JSON.stringify(word)}`);
    return word;
  }

  name(): string {
    const { text } = this.#wanted('a name');
    if (/%(?![0-9a-fA-F]{2})/.test(text)) throw this.error('% needs two hexadecimal digits behind it');
    const bytes = text
      .replace(/\+/g, ' ')
      .replace(/%([0-9a-fA-F]{2})/g, (_, code: string) => byteText(Number.parseInt(code, 16)));
    // Bytes of one character that were written one by one come together.
    return decodeText(encodeText(bytes));
  }

  hex(): number {
    return this.number(16, 0xffffffff, 'a hexadecimal number of 32 bits');
  }

  number(base: 8 | 10 | 16, max: number, what: string): number {
    const { text } = this.#wanted(what);
    const value = digits[base].test(text) ? Number.parseInt(text, base) : Number.NaN;
    if (!(value <= max)) throw this.error(`${JSON.stringify(text)} is not ${what}`);
    return value;
  }

  rights(): number {
    const { text } = this.#wanted('rights');
    const rights = text === '0' ? 0 : text === '' ? undefined : parseRights(text);
    if (rights === undefined)
      throw this.error(`${JSON.stringify(text)} are no rights: letters of rliwdka, all or none`);
    return rights;
  }

  end(): void {
    const more = this.#field();
    if (more) throw this.error(`there is ${JSON.stringify(more.text)} behind all that belongs there`);
  }

  #wanted(what: string): { readonly text: string } {
    const field = this.#field();
    if (!field) throw this.error(`${what} is missing`);
    return field;
  }

  #field(): { readonly text: string } | undefined {
    while (/[ \t]/.test(this.#text.charAt(this.#at))) this.#at += 1;
    const rest = this.#text.slice(this.#at);
    if (rest === '') return undefined;
    const [whole, quoted] = /^"([^"]*)"/.exec(rest) ?? [];
    if (quoted !== undefined && whole !== undefined) {
      this.#at += whole.length;
      return { text: quoted };
    }
    if (rest.startsWith('"')) throw this.error('a quote has no end');
    const [text = ''] = /^[^ \t]*/.exec(rest) ?? [];
    this.#at += text.length;
    return { text };
  }
}

function byteText(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
}
