/** A command line as bash has it, taken apart as bash would: what is completed was typed with quotes. */

export interface TypedLine {
  /** Before the word that is being typed. */
  readonly words: readonly string[];
  /** The word that is being typed, as far as it goes. */
  readonly current: string;
  /** The quote that is open in it. */
  readonly quote: OpenQuote;
}

export type OpenQuote = '' | "'" | '"' | "$'";

const quotes = { outside: '', word: '', single: "'", double: '"', dollar: "$'" } as const;
type State = keyof typeof quotes;

const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', e: '\x1b', E: '\x1b', a: '\x07', b: '\b', f: '\f', v: '\v' },
};

/** @param line up to the cursor; variables and substitutions in it stay as they are */
export function parseLine(line: string): TypedLine {
  const words: string[] = [];
  let [state, word]: [State, string] = ['outside', ''];
  for (let at = 0; at < line.length; at++) {
    const [character, next] = [line.charAt(at), line.charAt(at + 1)];
    if (state === 'single') {
      if (character === "'") state = 'word';
      else word += character;
    } else if (state === 'double' && character === '"') state = 'word';
    else if (state === 'dollar' && character === "'") state = 'word';
    else if (state === 'dollar' && character === '\\') {
      const found = escapeAt(line, at + 1);
      word += found.text;
      at += found.length;
    } else if (character === '\\' && (state !== 'double' || '"\\$`'.includes(next))) {
      word += next;
      if (state === 'outside') state = 'word';
      at += 1;
    } else if (state === 'double' || state === 'dollar') word += character;
    else if (character === '"') state = 'double';
    else if (character === "'") state = 'single';
    else if (character === '$' && next === "'") [state, at] = ['dollar', at + 1];
    else if (/[ \t\n]/.test(character)) {
      if (state === 'word') words.push(word);
      [state, word] = ['outside', ''];
    } else {
      word += character;
      state = 'word';
    }
  }
  return { words, current: word, quote: quotes[state] };
}

/** What stands behind a backslash in `$'…'`. */
function escapeAt(line: string, at: number): { readonly text: string; readonly length: number } {
  const [, hex] = /^x([0-9a-fA-F]{1,2})/.exec(line.slice(at, at + 3)) ?? [];
  if (hex !== undefined)
    return { text: String.fromCharCode(Number.parseInt(hex, 16)), length: hex.length + 1 };
  const [octal] = /^[0-7]{1,3}/.exec(line.slice(at, at + 3)) ?? [];
  if (octal !== undefined)
    return { text: String.fromCharCode(Number.parseInt(octal, 8)), length: octal.length };
  const character = line.charAt(at);
  return { text: escapes[character] ?? character, length: character.length };
}
