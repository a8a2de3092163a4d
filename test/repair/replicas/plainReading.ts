/**
 * What fix files mean, read a second time: a pattern for each kind of line, and fixed offsets for records. It shares
 * nothing with src, and says of each line or record what it means as one text; undefined where it has no meaning.
 */

const letters: Readonly<Record<string, number>> = { r: 1, w: 2, i: 4, l: 8, d: 16, k: 32, a: 64 };

/** @param text bytes as latin1 */
export function readPlainText(text: string): readonly string[] | undefined {
  const meanings: string[] = [];
  for (const line of text.split('\n')) {
    if (/^[ \t]*$/.test(line)) continue;
    if (line.length > 4095 || line.includes('\0') || line.endsWith('\r')) return undefined;
    const fields = separate(line);
    const meaning = fields && meaningOf(fields);
    if (meaning === undefined || (meanings.length === 0 && !meaning.startsWith('replica '))) return undefined;
    meanings.push(meaning);
  }
  return meanings;
}

/** Fields with one blank between them, names as hexadecimal bytes. */
function separate(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  let rest = line.replace(/^[ \t]+/, '');
  while (rest !== '') {
    const quoted = /^"([^"]*)"/.exec(rest);
    const plain = /^[^ \t"][^ \t]*/.exec(rest);
    const found = quoted ?? plain;
    if (!found) return undefined;
    fields.push(quoted ? `"${quoted[1] ?? ''}` : found[0]);
    rest = rest.slice(found[0].length).replace(/^[ \t]+/, '');
  }
  return fields;
}

const shapes: Readonly<Record<string, string>> = {
  replica: 'nh',
  createf: 'nhhh',
  created: 'nhhh',
  creates: 'nhhh',
  createl: 'nhhh',
  removefsl: 'n',
  removed: 'n',
  mv: 'nnhhhhh',
  setacl: 'nr',
  setnacl: 'nr',
  setmode: 'm',
  setowner: 'o',
  setmtime: 'h',
};

function meaningOf([word = '', ...fields]: readonly string[]): string | undefined {
  const shape = word.startsWith('"') ? shapes[word.slice(1)] : shapes[word];
  if (shape?.length !== fields.length) return undefined;
  const meanings = fields.map((field, at) => fieldMeaning(shape.charAt(at), field.replace(/^"/, '')));
  if (meanings.includes(undefined)) return undefined;
  return [word.replace(/^"/, ''), ...meanings].join(' ');
}

function fieldMeaning(shape: string, field: string): string | undefined {
  if (shape === 'n') {
    if (/%(?![0-9a-fA-F]{2})/.test(field)) return undefined;
    return hexOf(decodeName(field));
  }
  if (shape === 'r') {
    if (field === 'all') return '127';
    if (field === 'none' || field === '0') return '0';
    if (!/^[rliwdka]+$/.test(field)) return undefined;
    return String([...new Set(field)].reduce((sum, letter) => sum + (letters[letter] ?? 0), 0));
  }
  const [digits, base, max] =
    shape === 'h'
      ? ([/^(0x|0X)?[0-9a-fA-F]+$/, 16, 0xffffffff] as const)
      : shape === 'm'
        ? ([/^[0-7]+$/, 8, 0o7777] as const)
        : ([/^[0-9]+$/, 10, 65535] as const);
  const value = digits.test(field) ? Number.parseInt(field, base) : Infinity;
  return value <= max ? String(value) : undefined;
}

function decodeName(field: string): string {
  let name = '';
  for (let at = 0; at < field.length; at++) {
    const character = field.charAt(at);
    if (character === '+') name += ' ';
    else if (character === '%') {
      name += String.fromCharCode(Number.parseInt(field.slice(at + 1, at + 3), 16));
      at += 2;
    } else name += character;
  }
  return name;
}

export function hexOf(name: string): string {
  return Buffer.from(name, 'latin1').toString('hex') || '-';
}

const numbers: readonly (readonly [number, string, number])[] = [
  [174321, 'createf', 3],
  [174322, 'created', 3],
  [174323, 'creates', 3],
  [174324, 'createl', 3],
  [174325, 'removefsl', 0],
  [174326, 'removed', 0],
  [174327, 'setacl', 1],
  [174328, 'setnacl', 1],
  [174329, 'setmode', 1],
  [174330, 'setowner', 1],
  [174331, 'setmtime', 1],
  [174333, 'mv', 5],
];
const largest: Readonly<Record<string, number>> = {
  setacl: 127,
  setnacl: 127,
  setmode: 0o7777,
  setowner: 65535,
};

export function readPlainBinary(bytes: Buffer): readonly string[] | undefined {
  try {
    return readRecords(bytes);
  } catch {
    return undefined;
  }
}

function readRecords(bytes: Buffer): readonly string[] | undefined {
  const count = bytes.readUInt32BE(0);
  if (count > 8) return undefined;
  const meanings: string[] = [];
  let at = 4 + 8 * count;
  for (let section = 0; section < count; section++) {
    meanings.push(`replica - ${bytes.readUInt32BE(4 + 8 * section)}`);
    for (let left = bytes.readUInt32BE(8 + 8 * section); left > 0; left--) {
      const [, word, wanted] = numbers.find(([number]) => number === bytes.readUInt32BE(at)) ?? [];
      if (word === undefined || wanted === undefined) return undefined;
      const ends = [bytes.indexOf(10, at + 4), 0];
      ends[1] = bytes.indexOf(10, (ends[0] ?? 0) + 1);
      const [first = -1, second = -1] = ends;
      if (first < 0 || second < 0 || first - at - 4 > 253 || second - first - 1 > 253) return undefined;
      const names = [bytes.toString('latin1', at + 4, first), bytes.toString('latin1', first + 1, second)];
      const parameters = [0, 1, 2, 3, 4].map((each) => bytes.readUInt32BE(second + 1 + 4 * each));
      const used = word === 'mv' ? 2 : ['setmode', 'setowner', 'setmtime'].includes(word) ? 0 : 1;
      if (names.some((name, index) => name.includes('\0') || (index >= used && name !== '')))
        return undefined;
      if (parameters.slice(wanted).some((parameter) => parameter !== 0)) return undefined;
      if ((parameters[0] ?? 0) > (largest[word] ?? 0xffffffff)) return undefined;
      meanings.push([word, ...names.slice(0, used).map(hexOf), ...parameters.slice(0, wanted)].join(' '));
      at = second + 21;
    }
  }
  return at === bytes.length ? meanings : undefined;
}
