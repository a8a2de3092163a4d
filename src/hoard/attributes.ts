import type { HoardExpansion } from '../ipc/hoardName.ts';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from './priority.ts';

/** Which members get entries with a directory. */
export type Members =
  /** `plain`: none; only where an entry is changed, which is to lose those it has. */
  | { readonly which: 'none' }
  /** `c`, `d`: those that are there now, an entry of its own each. `c+`, `d+`: venus takes care of later ones, too. */
  | { readonly which: 'children' | 'descendants'; readonly later: boolean };

/** What stands behind the path of an `add` or a `modify` (spec/hoard.md, 3). What was not said is absent. */
export interface Attributes {
  readonly priority?: number;
  readonly members?: Members;
}

/** What is wrong with a part of a text, and where it begins, from 0. */
export interface Flaw {
  readonly at: number;
  readonly what: string;
}

const fields: Readonly<Record<string, Members>> = {
  c: { which: 'children', later: false },
  'c+': { which: 'children', later: true },
  d: { which: 'descendants', later: false },
  'd+': { which: 'descendants', later: true },
  plain: { which: 'none' },
};

/**
 * Reads fields between colons: `500:d+`. Empty ones mean nothing, the last number counts, descendants win over children,
 * and one plus is for both.
 */
export function parseAttributes(text: string): Attributes | Flaw {
  let [priority, members]: [number?, Members?] = [];
  let at = 0;
  for (const field of text.split(':')) {
    if (/^\d+$/.test(field)) {
      priority = Number(field);
      if (priority < LOWEST_PRIORITY || priority > HIGHEST_PRIORITY)
        return { at, what: `priority out of range (${LOWEST_PRIORITY} - ${HIGHEST_PRIORITY})` };
    } else if (field !== '') {
      const found = fields[field];
      if (found === undefined) return { at, what: `${field} is neither a priority nor c, c+, d or d+` };
      members = joined(members, found);
    }
    at += field.length + 1;
  }
  return { ...(priority === undefined ? {} : { priority }), ...(members === undefined ? {} : { members }) };
}

function joined(before: Members | undefined, next: Members): Members {
  if (before === undefined || before.which === 'none' || next.which === 'none') return next;
  const which = before.which === 'descendants' ? 'descendants' : next.which;
  return { which, later: before.later || next.later };
}

/** What venus is to expand itself. */
export function expansionOf(members: Members | undefined): HoardExpansion {
  return members === undefined || members.which === 'none' || !members.later ? 'none' : members.which;
}

const [INHERIT, CHILDREN, DESCENDANTS] = [1, 2, 4];

/** As messages of the C tool show them. */
export function attributeBits(members: Members | undefined): number {
  if (members === undefined || members.which === 'none') return 0;
  return (members.which === 'children' ? CHILDREN : DESCENDANTS) | (members.later ? INHERIT : 0);
}

const expansionTexts = { none: '', children: 'c+', descendants: 'd+' } as const;

/** `100:d+`, as lists have it. */
export function formatAttributes(priority: number, expansion: HoardExpansion): string {
  return expansion === 'none' ? String(priority) : `${priority}:${expansionTexts[expansion]}`;
}
