/** Asks what is to become of the differences that only a person can decide about. */
import { formatRights, parseRights } from '../../acl/rights.ts';
import { printable } from '../../term/printable.ts';
import { type Conversation, askValue, askYesNo } from '../conversation.ts';
import { besideText } from './besideText.ts';
import type { Comparison } from './compare.ts';
import {
  type Decisions,
  earlierDecision,
  isPlain,
  keepBoth,
  keptObjects,
  placesOf,
  proposalFor,
} from './decisions.ts';
import { type Difference, type Missing, type NameConflict, type Renamed, keyOf } from './differences.ts';
import { MAX_MODE, MAX_OWNER } from '../../ipc/fixFile/fixFile.ts';
import {
  NAMES_QUESTION,
  type Naming,
  entryPath,
  nameListing,
  removalQuestion,
  sentenceFor,
  twoKept,
} from './replicaTexts.ts';

/** How a round of questions ended. */
export type Asked = 'answered' | 'end of input';

/**
 * Explains each difference, and asks about those without a decision. Where nobody can answer, what keeps everything is
 * decided.
 * @param decisions what was decided before; gets what is decided now
 */
export async function askAbout(
  comparison: Comparison,
  decisions: Decisions,
  conversation: Conversation,
  naming: Naming,
): Promise<Asked> {
  const asker = new Asker(comparison, decisions, conversation, naming);
  const open = comparison.differences.filter((difference) => !earlierDecision(difference, decisions));
  const names = open.filter(({ kind }) => kind === 'name/name');
  const others = open.filter(({ kind }) => kind !== 'name/name');
  if ((await asker.askAll(names)) === 'end of input') return 'end of input';
  if (names.length > 0 && (await asker.confirmNames(names)) === 'end of input') return 'end of input';
  return asker.askAll(others);
}

class Asker {
  readonly #comparison: Comparison;
  readonly #decisions: Decisions;
  readonly #conversation: Conversation;
  readonly #naming: Naming;

  constructor(comparison: Comparison, decisions: Decisions, conversation: Conversation, naming: Naming) {
    this.#comparison = comparison;
    this.#decisions = decisions;
    this.#conversation = conversation;
    this.#naming = naming;
  }

  async askAll(differences: readonly Difference[]): Promise<Asked> {
    for (const difference of differences) {
      this.#conversation.note(`${sentenceFor(difference, this.#naming)}\n`);
      if (!this.#conversation.answers) this.#decideAlone(difference);
      else if ((await this.#ask(difference)) === 'end of input') return 'end of input';
    }
    return 'answered';
  }

  #decideAlone(difference: Difference): void {
    const proposal = proposalFor(difference, this.#comparison);
    if (proposal) this.#decisions.set(keyOf(difference), proposal);
  }

  #ask(difference: Difference): Promise<Asked> {
    switch (difference.kind) {
      case 'name/name':
        return this.#askAboutName(difference);
      case 'missing':
        return this.#askAboutMissing(difference);
      case 'renamed':
        return this.#askAboutRename(difference);
      case 'mode':
        return this.#askForValue(
          difference,
          'Mode of all replicas?',
          ({ mode }) => mode.toString(8),
          (answer) => {
            const mode = /^[0-7]{1,5}$/.test(answer) ? Number.parseInt(answer, 8) : MAX_MODE + 1;
            return mode <= MAX_MODE ? { kind: 'mode', mode } : undefined;
          },
        );
      case 'owner':
        return this.#askForValue(
          difference,
          'Owner of all replicas, as a number?',
          ({ owner }) => String(owner),
          (answer) => {
            const owner = /^\d{1,5}$/.test(answer) ? Number(answer) : MAX_OWNER + 1;
            return owner <= MAX_OWNER ? { kind: 'owner', owner } : undefined;
          },
        );
      case 'rights':
        return this.#askForValue(
          difference,
          `Rights of ${printable(difference.user)} at all replicas?`,
          ({ rights }) => formatRights(rights) || 'none',
          (answer) => {
            const rights = parseRights(answer);
            return rights === undefined ? undefined : { kind: 'rights', rights };
          },
        );
      case 'update':
      case 'quota':
      case 'version':
        return Promise.resolve('answered');
    }
  }

  /** Asks once for all of them. Without a yes they are left as they are. */
  async confirmNames(names: readonly Difference[]): Promise<Asked> {
    const { answers } = this.#conversation;
    const isWanted = answers ? await askYesNo(this.#conversation, NAMES_QUESTION, true) : true;
    if (isWanted === true) return 'answered';
    for (const difference of names)
      this.#decisions.set(keyOf(difference), { kind: 'name/name', removed: new Set(), moved: new Map() });
    return isWanted === undefined ? 'end of input' : 'answered';
  }

  async #askAboutName(conflict: NameConflict): Promise<Asked> {
    const { name, holders } = conflict;
    this.#conversation.print(nameListing(this.#naming, holders));
    const removed = new Set<string>();
    for (const { replica } of holders) {
      const question = removalQuestion(entryPath(this.#naming, replica, name));
      const goes = await askYesNo(this.#conversation, question, false);
      if (goes === undefined) return 'end of input';
      if (goes) removed.add(replica.server);
    }
    const kept = keptObjects(conflict, removed);
    if (kept.size === 0)
      this.#conversation.print(`WARNING: ALL REPLICAS OF OBJECT ${printable(name)} WILL BE REMOVED\n`);
    const isBeside = kept.size > 1 ? await this.#askToKeepBoth(conflict, removed) : false;
    if (isBeside === undefined) return 'end of input';
    this.#decisions.set(
      keyOf(conflict),
      isBeside
        ? keepBoth(conflict, this.#comparison.names, removed)
        : { kind: 'name/name', removed, moved: new Map() },
    );
    return 'answered';
  }

  async #askToKeepBoth(conflict: NameConflict, removed: ReadonlySet<string>): Promise<boolean | undefined> {
    const { name } = conflict;
    const { moved } = keepBoth(conflict, this.#comparison.names, removed);
    this.#conversation.print(twoKept(name, [...keptObjects(conflict, removed).keys()]));
    const answer = await askYesNo(this.#conversation, besideText(conflict, moved), true);
    if (answer === false && removed.size === 0)
      this.#conversation.print('WARNING: Nothing will change; NAME/NAME conflict will remain\n');
    return answer;
  }

  async #askAboutMissing(missing: Missing): Promise<Asked> {
    const key = keyOf(missing);
    const shown = printable(missing.name);
    if (isPlain(missing)) {
      this.#decideAlone(missing);
      return 'answered';
    }
    if (missing.why === 'link') {
      this.#conversation.print(
        `${shown} exists at only a subset of the sites.\nIt has hard links too so resolution cannot be automated\n`,
      );
      const makes = await askYesNo(
        this.#conversation,
        'Do you want me to create it at all sites?  [yes] ',
        true,
      );
      if (makes === undefined) return 'end of input';
      if (makes) {
        this.#decisions.set(key, { kind: 'missing', choice: 'create' });
        return 'answered';
      }
    }
    const question = `${shown} was removed at some sites; should it be REMOVED at ALL sites?  [no] `;
    const goes = await askYesNo(this.#conversation, question, false);
    if (goes === undefined) return 'end of input';
    if (goes) {
      this.#decisions.set(key, { kind: 'missing', choice: 'remove' });
      return 'answered';
    }
    const again = `Then should ${shown} be RECREATED at all sites?  [yes] `;
    const makes = await askYesNo(this.#conversation, again, true);
    if (makes === undefined) return 'end of input';
    this.#decisions.set(key, { kind: 'missing', choice: makes ? 'create' : 'leave' });
    return 'answered';
  }

  async #askAboutRename(renamed: Renamed): Promise<Asked> {
    const names = [...new Set(renamed.holders.map(({ location }) => printable(location.name)))];
    this.#conversation.print(`Object ${names.join(', ')} was renamed\n`);
    const key = keyOf(renamed);
    for (const place of placesOf(renamed)) {
      const answer = await askYesNo(
        this.#conversation,
        `Do you want to preserve ${printable(place.path)}?  [yes] `,
        true,
      );
      if (answer === undefined) return 'end of input';
      if (!answer) continue;
      this.#decisions.set(key, { kind: 'renamed', to: place });
      return 'answered';
    }
    const goes = await askYesNo(
      this.#conversation,
      'No renames specified - should the object be REMOVED at ALL sites?  [no] ',
      false,
    );
    if (goes === undefined) return 'end of input';
    this.#decisions.set(key, { kind: 'renamed', to: goes ? 'remove' : 'leave' });
    return 'answered';
  }

  /** @param shown a proposal as it would be typed @param read undefined for what is no such value */
  async #askForValue(
    difference: Difference,
    question: string,
    shown: (proposal: { mode: number; owner: number; rights: number }) => string,
    read: (answer: string) => ReturnType<typeof proposalFor>,
  ): Promise<Asked> {
    const proposal = proposalFor(difference, this.#comparison);
    const preset = shown({ mode: 0, owner: 0, rights: 0, ...proposal });
    const value = await askValue(this.#conversation, `${question}  [${preset}] `, proposal, read);
    if (value === undefined) return 'end of input';
    this.#decisions.set(keyOf(difference), value);
    return 'answered';
  }
}
