import { encodeText, hasEscapedBytes } from '../ipc/text.ts';

/**
 * One JSON document of `--json`: integers beyond 2^53 as strings, names that are not UTF-8 as `{"base64": …}`.
 * @param indent spaces per level, 0 for one line of JSON Lines
 */
export function formatJson(value: unknown, indent = 2): string {
  return `${JSON.stringify(value, replace, indent)}\n`;
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === 'string' && hasEscapedBytes(value)) {
    return { base64: Buffer.from(encodeText(value)).toString('base64') };
  }
  return value;
}
