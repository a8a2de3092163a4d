/** How much room text takes on a terminal, in columns. */

/** Marks that stand on the character before them, and characters that show nothing. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Characters of East Asian scripts and pictures take two columns. */
const TWO =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;
const CUT = '\u2026';

function columnsOfCharacter(character: string): number {
  if (NONE.test(character)) return 0;
  return TWO.test(character) ? 2 : 1;
}

/** Columns of a text without control characters. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/** At most so many columns of the beginning; that something is missing is shown. */
export function cutEnd(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  return columns < 1 ? '' : `${firstColumns(Array.from(text), columns - 1).join('')}${CUT}`;
}

/** At most so many columns of the end, which says most of a path. */
export function cutStart(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return '';
  const end = firstColumns(Array.from(text).reverse(), columns - 1).reverse();
  // A mark would stand on the sign that something is missing.
  while (end[0] !== undefined && NONE.test(end[0])) end.shift();
  return `${CUT}${end.join('')}`;
}

function firstColumns(characters: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let room = columns;
  for (const character of characters) {
    room -= columnsOfCharacter(character);
    if (room < 0) break;
    taken.push(character);
  }
  return taken;
}

/** Exactly so many columns. */
export function fill(text: string, columns: number): string {
  const cut = cutEnd(text, columns);
  return cut + ' '.repeat(columns - columnsOf(cut));
}

/** Exactly so many columns, at the right. */
export function fillLeft(text: string, columns: number): string {
  const cut = cutEnd(text, columns);
  return ' '.repeat(columns - columnsOf(cut)) + cut;
}
