import type { CmlLine } from '../../../cml/cmlLine.ts';
import { formatOperation } from '../../../cml/operationText.ts';
import type { Verdict } from '../../../ipc/repairs.ts';
import { fail } from '../../fail.ts';
import { toCmlLine } from '../log/cmlLines.ts';
import type { LogRecord } from '../log/record.ts';
import { mountPathOf } from '../naming.ts';
import type { UserSession } from '../userSession.ts';
import { toLocalMutation, verdictOf } from './localMutation.ts';

/**
 * Settles the first record of a volume's log at once, outside any session, with the answers of real venus
 * (spec/repair.md, 16.3 to 16.5).
 */
export class HeadRecord {
  readonly #session: UserSession;
  readonly #volume: number;

  constructor(session: UserSession, volume: number) {
    this.#session = session;
    this.#volume = volume;
  }

  async check(): Promise<string> {
    const head = this.#head();
    if (!head) return 'no local mutations\n';
    return `local mutation: ${await this.#operation(head)}\n${await this.#finding(head)}`;
  }

  /** @throws VenusError EINVAL if there is none, or it is not in conflict */
  async discard(): Promise<string> {
    const head = this.#head();
    if (!head) return fail('EINVAL', 'There are no local mutations.');
    if (!head.conflict) return fail('EINVAL', 'The first local mutation is not in conflict.');
    const { client, uid } = this.#session;
    if (head.uid !== uid) return fail('EACCES', `The modify log belongs to uid ${head.uid}.`);
    const operation = await this.#operation(head);
    for (const container of await client.tree.withdraw(this.#volume, [head.sequence]))
      await client.containers.remove(container);
    client.owners.wake(this.#volume);
    await client.reintegrator.reexamine(this.#volume);
    return `discarded local mutation ${operation}\n`;
  }

  async preserve(): Promise<string> {
    const head = this.#head();
    if (!head) return '';
    const [operation, finding] = [await this.#operation(head), await this.#finding(head)];
    await this.#sendAgain();
    return this.#head()?.sequence === head.sequence
      ? `${withNewline(finding)}could not reintegrate ${operation}\n`
      : `reintegrated:\n\t${operation}\n`;
  }

  async preserveAll(): Promise<string> {
    const before = this.#entries();
    await this.#sendAgain();
    const count = before - this.#entries();
    const head = this.#head();
    if (!head) return `All ${count} local mutation(s) reintegrated\n`;
    const [operation, finding] = [await this.#operation(head), await this.#finding(head)];
    return `${count} local mutation(s) reintegrated\n ${withNewline(finding)} cannot reintegrate ${operation}\n`;
  }

  /** What was in the way may have gone; all that nothing is in the way of goes. */
  #sendAgain(): Promise<void> {
    return this.#session.client.reintegrator.force(this.#volume);
  }

  #entries(): number {
    return this.#session.client.tree.logs.state(this.#volume).entries;
  }

  #head(): LogRecord | undefined {
    return this.#session.client.tree.logs.head(this.#volume);
  }

  async #operation(head: LogRecord): Promise<string> {
    return formatOperation(await this.#line(head));
  }

  async #line(head: LogRecord): Promise<CmlLine> {
    return toCmlLine(head, await mountPathOf(this.#session, this.#volume));
  }

  async #finding({ conflict, ...head }: LogRecord): Promise<string> {
    if (!conflict) return 'no conflict';
    const verdict = verdictOf(toLocalMutation(head, ''), { errno: conflict.errno, why: conflict.why });
    return findingText(verdict, head.mutation.op, await mountPathOf(this.#session, this.#volume));
  }
}

/** @param what the kind of the mutation, as the answers name what it is about */
function findingText(verdict: Verdict, op: string, mount: string): string {
  if (verdict.kind === 'no conflict') return 'no conflict';
  const path = `${mount}/${verdict.target}`;
  switch (verdict.obstruction) {
    case 'exists':
      return `conflict: target ${path} exists on servers\n`;
    case 'missing':
      return `conflict: target ${path} is missing on servers\n`;
    case 'gone':
    case 'dependent':
      return `conflict: ${op} target ${path} no longer exists on servers`;
    case 'updated':
      return `conflict: target ${path} updated on servers\n`;
    case 'not empty':
      return `conflict: target ${path} not empty on servers\n`;
    case 'denied':
      return `conflict: acl check failure on parent ${path.slice(0, path.lastIndexOf('/'))}\n`;
    case 'no room':
      return `conflict: no room for ${path} in the quota\n`;
    case 'unreachable':
      return `fetching ${op} target failed (110), please re-try!`;
  }
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
