/** What the words of a command are, from its usage line: `cfs setacl [-clear] <dir> <name> <rights> [<name> <rights> ....]`. */
import type { WordKind } from '../../command.ts';

/** What stands in usage lines. */
const kinds: ReadonlyMap<string, WordKind> = new Map<string, WordKind>([
  ['dir', 'path'],
  ['directory', 'path'],
  ['path', 'path'],
  ['pathname', 'path'],
  ['object', 'path'],
  ['target', 'path'],
  ['new path | directory', 'path'],
  ['local file | -', 'local file'],
  ['file | -', 'local file'],
  ['file', 'local file'],
  ['filename', 'local file'],
  ['fixfile', 'local file'],
  ['increment', 'local file'],
  ['checkpoint-dir', 'local file'],
  ['volume', 'volume'],
  ['volume name', 'volume'],
  ['user', 'user'],
  ['group', 'group'],
  ['member', 'principal'],
  ['rights', 'rights'],
  ['server', 'server'],
  ['servername', 'server'],
  ['servernames', 'server'],
  ['client-or-server', 'client or server'],
  ['realm', 'realm'],
  ['@realm', 'realm'],
  ['opcode', 'command'],
  ['bash|zsh|fish', 'shell'],
  ['user@realm', 'user at realm'],
]);

export interface UsageKinds {
  /** One after the other. */
  readonly first: readonly WordKind[];
  /** Again and again behind them; empty if nothing follows. */
  readonly repeated: readonly WordKind[];
}

/** The kind of the word with some index. */
export function kindAt({ first, repeated }: UsageKinds, index: number): WordKind {
  const known = first[index];
  if (known !== undefined) return known;
  return repeated[(index - first.length) % repeated.length] ?? 'other';
}

/** @param name what stands before the words, as `cfs setacl` */
export function kindsOfUsage(usage: string, name: string): UsageKinds {
  const [line = ''] = usage.split('\n');
  const behind = line.startsWith(name) ? line.slice(name.length) : line.replace(/^\S+( \{[^}]*\})?/, '');
  const words = withoutOptions(behind.replace(/\[[^\]]*user[- ]?name\]\[@realm\]/, '<user@realm>'));
  // The last group with dots is what may be repeated; its words stand there once, and most stand before it already.
  const again = /\[([^[\]]*?)\.{3,}\]/.exec(words);
  const repeated = again === null ? [] : placeholders(again[1] ?? '');
  const first = placeholders(again === null ? words : words.slice(0, again.index));
  const [last] = first.slice(-1);
  const names = /<servernames>/.test(words) && last !== undefined ? [last] : [];
  return { first, repeated: withoutSame(repeated.length > 0 ? repeated : names) };
}

/** `<dir> <dir> <dir>` means one, any number of times. */
function withoutSame(repeated: readonly WordKind[]): readonly WordKind[] {
  return new Set(repeated).size === 1 ? repeated.slice(0, 1) : repeated;
}

function placeholders(text: string): WordKind[] {
  const isAcl = text.includes('<rights>');
  return Array.from(text.matchAll(/<([^>]+)>|\[([^[\]<>]+)\]/g), ([, inside, bare]) => {
    const word = (inside ?? bare ?? '').trim();
    return kinds.get(word) ?? (word === 'name' && isAcl ? 'principal' : 'other');
  });
}

/** Without brackets that begin with an option, and without options outside of any. */
function withoutOptions(text: string): string {
  let [result, depth, dropped] = ['', 0, 0];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '[') {
      depth += 1;
      if (dropped === 0 && text.charAt(at + 1) === '-' && text.charAt(at + 2) !== ']') dropped = depth;
    }
    if (dropped === 0) result += character;
    if (character !== ']') continue;
    if (dropped === depth) dropped = 0;
    depth -= 1;
  }
  return result.replace(/--[\w-]+(\s+[^\s<([|)][^\s]*)?/g, ' ');
}
