/** What a terminal shows of the sequences that our view writes; others are an error, so that none goes unnoticed. */

/** The screen and the modes of a terminal, after all that was written to it. */
export class Screen {
  readonly #rows: string[][] = [];
  #ordinary = '';
  #row = 0;
  #column = 0;
  isAlternate = false;
  showsCursor = true;
  wraps = true;

  write(text: string): void {
    for (const part of text.match(/\x1b\[[0-9;?]*[A-Za-z]|[^]/gu) ?? []) this.#take(part);
  }

  /** The lines that are shown while the view is on; without blanks at their ends. */
  get lines(): readonly string[] {
    return Array.from(this.#rows, (row: readonly string[] | undefined) =>
      Array.from(row ?? [], (character: string | undefined) => character ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** What stands on the ordinary screen. */
  get ordinary(): string {
    return this.#ordinary;
  }

  #take(part: string): void {
    if (part.length > 1 && part.startsWith('\x1b')) this.#control(part);
    else if (!this.isAlternate) this.#ordinary += part;
    else if (part >= ' ') this.#put(part);
  }

  #put(character: string): void {
    const row = (this.#rows[this.#row] ??= []);
    row[this.#column] = character;
    this.#column += 1;
  }

  #control(sequence: string): void {
    const [, row, column] = /^\x1b\[(\d+);(\d+)H$/.exec(sequence) ?? [];
    if (row !== undefined) {
      [this.#row, this.#column] = [Number(row) - 1, Number(column) - 1];
      return;
    }
    switch (sequence.slice(2)) {
      case 'K':
        this.#rows[this.#row]?.splice(this.#column);
        return;
      case '2J':
        this.#rows.splice(0);
        return;
      case '?1049h':
      case '?1049l':
        this.isAlternate = sequence.endsWith('h');
        return;
      case '?25h':
      case '?25l':
        this.showsCursor = sequence.endsWith('h');
        return;
      case '?7h':
      case '?7l':
        this.wraps = sequence.endsWith('h');
        return;
      default:
        if (!sequence.endsWith('m') && this.isAlternate)
          throw new Error(`unknown ${JSON.stringify(sequence)}`);
    }
  }
}
