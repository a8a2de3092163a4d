import { expansionOf } from '../../hoard/attributes.ts';
import type { CanonicalPaths } from '../../hoard/canonicalPath.ts';
import type { HoardCommand } from '../../hoard/command.ts';
import type { NewEntry } from '../../ipc/hoard.ts';
import type { HoardInsight } from '../../ipc/hoardInsight.ts';
import type { HoardName } from '../../ipc/hoardName.ts';
import type { Context } from '../context.ts';
import type { AddCommand, EntryAdder } from './entryAdder.ts';

/** `add` commands that are looked up together. */
const TOGETHER = 256;

/** What the hoard database would be after some commands, without doing any of them. */
export class PlannedEntries {
  /** Whether the entries are all that there would be, and not only what would be added. */
  isWhole = false;
  readonly #entries = new Map<string, NewEntry>();
  readonly #context: Context;
  readonly #insight: HoardInsight;
  readonly #paths: CanonicalPaths;
  readonly #adder: EntryAdder;
  #waiting: AddCommand[] = [];

  constructor(context: Context, insight: HoardInsight, paths: CanonicalPaths, adder: EntryAdder) {
    this.#context = context;
    this.#insight = insight;
    this.#paths = paths;
    this.#adder = adder;
  }

  get entries(): Iterable<NewEntry> {
    return this.#entries.values();
  }

  get count(): number {
    return this.#entries.size;
  }

  async note(command: HoardCommand): Promise<void> {
    if (command.kind === 'add') {
      if (this.#waiting.push(command) >= TOGETHER) await this.settle();
      return;
    }
    await this.settle();
    if (command.kind === 'clear') await this.#clear(command.uid);
    else if (command.kind === 'delete' || command.kind === 'modify') await this.#change(command);
  }

  /** To be called when all commands are there. */
  async settle(): Promise<void> {
    const commands = this.#waiting;
    this.#waiting = [];
    for await (const entry of this.#adder.entriesOf(commands)) this.#entries.set(keyOf(entry), entry);
  }

  async #clear(uid: number | undefined): Promise<void> {
    if (uid === undefined) {
      this.isWhole = true;
      this.#entries.clear();
      return;
    }
    await this.#takePresent();
    for await (const entry of this.#insight.entries(uid)) this.#entries.delete(keyOf(entry));
  }

  async #change(command: Extract<HoardCommand, { readonly kind: 'delete' | 'modify' }>): Promise<void> {
    await this.#takePresent();
    try {
      const { name } = await this.#paths.resolve((await this.#context.target(command.path)).path);
      const present = this.#entries.get(keyOf(name));
      if (command.kind === 'delete') this.#entries.delete(keyOf(name));
      else if (present) {
        const { priority = present.priority, members } = command.attributes;
        const expansion = members === undefined ? present.expansion : expansionOf(members);
        this.#entries.set(keyOf(name), { ...present, priority, expansion });
      }
    } catch (error) {
      await this.#context.fail(error, `canonicalize: ${command.path}`, command.path);
    }
  }

  /** What there is now, so that something can be taken out of it. What was added meanwhile stands. */
  async #takePresent(): Promise<void> {
    if (this.isWhole) return;
    this.isWhole = true;
    for await (const { volume, realm, name, priority, expansion, exclude } of this.#insight.entries()) {
      const entry = { volume, realm, name, priority, expansion, exclude };
      if (!this.#entries.has(keyOf(entry))) this.#entries.set(keyOf(entry), entry);
    }
  }
}

function keyOf({ volume, realm, name }: HoardName): string {
  return `${volume}@${realm}/${name}`;
}
