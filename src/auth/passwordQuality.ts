const CLASSES = { digit: 1, lower: 2, upper: 4, other: 8 } as const;

/**
 * What cpasswd has against a new password (spec/auth.md, 5): the fewer kinds of characters, the longer it must be.
 * @returns the sentence to print, or undefined for a good one
 */
export function passwordObjection(password: string): string | undefined {
  const length = Buffer.byteLength(password);
  const classes = Array.from(password).reduce((sum, character) => sum | classOf(character), 0);
  if (classes === CLASSES.digit) return 'Please use at least one non-numeric character.';
  const kinds = [1, 2, 4, 8].filter((bit) => (classes & bit) !== 0).length;
  const required = classes >= 7 ? 4 : kinds === 1 ? 6 : 5;
  return length >= required ? undefined : 'Please use a longer password.';
}

function classOf(character: string): number {
  if (/[0-9]/.test(character)) return CLASSES.digit;
  if (/[a-z]/.test(character)) return CLASSES.lower;
  return /[A-Z]/.test(character) ? CLASSES.upper : CLASSES.other;
}
