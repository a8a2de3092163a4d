/**
 * Text that does nothing to a terminal: control characters and bytes that are no UTF-8 become visible escapes, as
 * `\x1b`. A name may contain escape sequences that rewrite the screen or type commands.
 */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (character) => {
      const code = character.charCodeAt(0);
      const byte = code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : code;
      return byte > 0xff ? `\\u${byte.toString(16)}` : `\\x${byte.toString(16).padStart(2, '0')}`;
    },
  );
}

/** As {@link printable}, but keeps line ends and tabs: for text of our own with names in it. */
export function printableLines(text: string): string {
  return text.replace(/[^\n\t]+/g, printable);
}
