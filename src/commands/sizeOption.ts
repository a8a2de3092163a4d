import type { Options } from './command.ts';
import { UsageError } from './exitStatus.ts';

const units = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

/** The value of an option that is a number of bytes, as `64M` or `2G`. @throws UsageError */
export function sizeOption(options: Options, name: string): number | undefined {
  const text = options.value(name);
  if (text === undefined) return undefined;
  const [, digits = '', unit = ''] = /^(\d{1,12})([KMGT]?)$/i.exec(text) ?? [];
  const factor = Object.entries(units).find(([letter]) => letter === unit.toUpperCase())?.[1];
  const bytes = Number(digits) * (factor ?? NaN);
  if (digits !== '' && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`--${name}: ${text} is not a size, as 64M or 2G`);
}
