/** What a typed word stands for. */
export type WordMeaning<Name extends string> =
  | { readonly kind: 'command'; readonly name: Name }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly Name[] }
  | { readonly kind: 'unknown' };

/** A command and the other words it is called by. */
export interface Named<Name extends string> {
  readonly name: Name;
  readonly aliases: readonly string[];
}

/**
 * Finds a command by a prefix of its name, without regard to case. A whole name wins over those it is a prefix of
 * (spec/repair.md, 6).
 */
export function meaningOf<Name extends string>(
  word: string,
  commands: readonly Named<Name>[],
): WordMeaning<Name> {
  const typed = word.toLowerCase();
  const namesOf = ({ name, aliases }: Named<Name>): readonly string[] =>
    [name, ...aliases].map((each) => each.toLowerCase());
  const exact = commands.find((command) => namesOf(command).includes(typed));
  if (exact) return { kind: 'command', name: exact.name };
  const candidates = commands.filter((command) => namesOf(command).some((name) => name.startsWith(typed)));
  const [only, ...others] = candidates.map(({ name }) => name);
  if (only === undefined || typed === '') return { kind: 'unknown' };
  return others.length === 0
    ? { kind: 'command', name: only }
    : { kind: 'ambiguous', candidates: [only, ...others] };
}
