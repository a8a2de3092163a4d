/** What venus answers when it is asked about the first record of a log (spec/repair.md, 16.3). */
import type { LocalMutation, Obstruction, Verdict } from '../../ipc/repairs.ts';
import { parentOf } from './objectPaths.ts';

const endings: readonly (readonly [ending: RegExp, obstruction: Obstruction])[] = [
  [/ is missing on servers$/, 'missing'],
  [/ no longer exists on servers$/, 'gone'],
  [/ exists on servers$/, 'exists'],
  [/ updated on servers$/, 'updated'],
  [/ not empty on servers$/, 'not empty'],
  [/^conflict: acl check failure on parent /, 'denied'],
];

/**
 * @param text the whole answer
 * @param mutation the first record: the paths of the answer are often unknown to venus itself
 * @returns undefined where it found nothing, or could not look
 */
export function verdictOfCheck(
  text: string,
  mutation: LocalMutation,
): Extract<Verdict, { kind: 'conflict' }> | undefined {
  const finding = text.replace(/\n+$/, '').split('\n').at(-1) ?? '';
  if (!finding.startsWith('conflict: ')) return undefined;
  const [, obstruction] = endings.find(([ending]) => ending.test(finding)) ?? [];
  if (obstruction === undefined) return undefined;
  const target = mutation.op === 'rename' && obstruction === 'exists' ? mutation.to : mutation.path;
  return { kind: 'conflict', obstruction, target: obstruction === 'denied' ? parentOf(target) : target };
}
