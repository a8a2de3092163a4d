/** What `hoard list` and `hoard verify` print (spec/hoard.md, 8). */
import type { HoardExpansion, HoardName } from '../ipc/hoardName.ts';
import { decodeText, encodeText } from '../ipc/text.ts';
import { formatAttributes } from './attributes.ts';

/** An entry as lists have it. */
export interface ListedEntry extends HoardName {
  readonly uid: number;
  readonly priority: number;
  readonly expansion: HoardExpansion;
}

/** `<7f000000@coda.test, ./sp>, 1000, 100:d+`, with its newline. */
export function formatListedEntry({ volume, realm, name, uid, priority, expansion }: ListedEntry): string {
  return `<${volume.toString(16)}@${realm}, ${name}>, ${uid}, ${formatAttributes(priority, expansion)}\n`;
}

/** `7f000000@coda.test, ./sp`, as messages name an entry. */
export function formatHoardName({ volume, realm, name }: HoardName): string {
  return `${volume.toString(16)}@${realm}, ${name}`;
}

const ENTRY = /^<([0-9a-f]{1,8})@([^,]*), (\.(?:\/.*)?)>, (\d{1,10}), (-?\d{1,10})(:[cd]\+)?$/s;
/** Bytes of a line at most: venus cuts off what is longer, its end with it, so that the next one goes on there (spec/hoard.md, 12, 8). */
const MAX_LISTED = 238;

/** The entries of a line of a list, and how many of it could not be read since venus cut them off. */
export function parseListLine(line: string): {
  readonly entries: readonly ListedEntry[];
  readonly cut: number;
} {
  const bytes = encodeText(line);
  let cut = 0;
  while (bytes.length - cut * MAX_LISTED >= MAX_LISTED) cut += 1;
  const rest = decodeText(bytes.subarray(cut * MAX_LISTED));
  const entry = parseEntry(rest);
  return { entries: entry ? [entry] : [], cut: entry || rest === '' ? cut : cut + 1 };
}

function parseEntry(text: string): ListedEntry | undefined {
  const [, volume = '', realm = '', name = '', uid = '', priority = '', suffix] = ENTRY.exec(text) ?? [];
  if (volume === '') return undefined;
  const expansion = suffix === ':d+' ? 'descendants' : suffix === ':c+' ? 'children' : 'none';
  return {
    volume: Number.parseInt(volume, 16),
    realm,
    name,
    uid: Number(uid),
    priority: Number(priority),
    expansion,
  };
}

const REASON_WIDTH = 25;
const modifiers = { none: '   ', children: ' c+', descendants: ' d+' } as const;

export type VerifyFinding = 'not bound' | 'missing or invalid' | 'ok';

/** A line of verify, with its newline. @param path from the mount point of Coda down */
export function formatVerifyLine(finding: VerifyFinding, path: string, expansion: HoardExpansion): string {
  if (finding === 'ok') return `${'OK'.padStart(REASON_WIDTH)}  ${path}\n`;
  const reason = finding === 'not bound' ? '*** Not bound ***' : '*** Missing/Invalid ***';
  return `${reason.padStart(REASON_WIDTH)}  ${path}${modifiers[expansion]}\n`;
}

/** The other way round; undefined for what is none, as the rest of one that was cut. */
export function parseVerifyLine(
  line: string,
): { readonly finding: VerifyFinding; readonly path: string } | undefined {
  const [, reason, path] =
    /^ *(\*\*\* Not bound \*\*\*|\*\*\* Missing\/Invalid \*\*\*|OK) {2}(.*)$/s.exec(line) ?? [];
  if (reason === undefined || path === undefined) return undefined;
  if (reason === 'OK') return { finding: 'ok', path };
  const finding = reason.includes('bound') ? 'not bound' : 'missing or invalid';
  return { finding, path: path.replace(/(?: [cd]\+| {3})$/, '') };
}
