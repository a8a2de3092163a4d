import { attributeBits, expansionOf } from '../../hoard/attributes.ts';
import type { CanonicalPath, CanonicalPaths } from '../../hoard/canonicalPath.ts';
import type { HoardCommand } from '../../hoard/command.ts';
import { formatHoardName } from '../../hoard/entryText.ts';
import { type Excluder, excluder } from '../../hoard/exclude.ts';
import { DEFAULT_PRIORITY } from '../../hoard/priority.ts';
import { type Pioctls, ROOT, call } from '../../ipc/call.ts';
import { hoardAdd } from '../../ipc/calls/hoardAdd.ts';
import { UnsupportedError } from '../../ipc/errors.ts';
import type { NewEntry } from '../../ipc/hoard.ts';
import type { Context } from '../context.ts';
import { REQUESTS } from '../eachPath.ts';
import { inFlight } from '../inFlight.ts';
import { membersOf } from './expandMembers.ts';
import { explainRefusal, hasInsight, hoardInsight, requestingUid } from './hoardPlace.ts';

export type AddCommand = Extract<HoardCommand, { readonly kind: 'add' }>;

export interface AddingOptions {
  readonly exclude: readonly string[];
  /** Print what `c` and `d` stand for. */
  readonly verbose: boolean;
  /** Say what paths become. */
  readonly debug: boolean;
}

/** Entries sent at a time: all of them are added or none. */
const BATCH = 512;

/** Makes entries of `add` commands, and adds them. */
export class EntryAdder {
  /** Entries that venus has taken. */
  added = 0;
  readonly #context: Context;
  readonly #venus: Pioctls;
  readonly #paths: CanonicalPaths;
  readonly #options: AddingOptions;
  readonly #excludes: Excluder;

  /** @throws BadGlobError */
  constructor(context: Context, venus: Pioctls, paths: CanonicalPaths, options: AddingOptions) {
    this.#context = context;
    this.#venus = venus;
    this.#paths = paths;
    this.#options = options;
    this.#excludes = excluder(options.exclude);
  }

  /** Adds what some commands name, in their order. What fails is reported, and the others go on. */
  async add(commands: readonly AddCommand[]): Promise<void> {
    let batch: NewEntry[] = [];
    for await (const entry of this.entriesOf(commands)) {
      if (batch.push(entry) < BATCH) continue;
      await this.#send(batch);
      batch = [];
    }
    if (batch.length > 0) await this.#send(batch);
  }

  /** The entries that commands stand for. A command of which none can be made is reported. */
  async *entriesOf(commands: readonly AddCommand[]): AsyncGenerator<NewEntry> {
    for await (const outcome of inFlight(commands, REQUESTS, (command) => this.#resolve(command))) {
      const { path: typed } = outcome.item;
      try {
        if (!outcome.ok) throw outcome.error;
        yield* this.#entriesFor(outcome.item, outcome.result);
      } catch (error) {
        await this.#context.fail(error, `canonicalize: ${typed}`, typed);
      }
    }
  }

  async #resolve({ path, attributes: { members } }: AddCommand): Promise<CanonicalPath> {
    const isLeftToVenus = members !== undefined && members.which !== 'none' && members.later;
    if (isLeftToVenus && this.#options.exclude.length > 0 && !hasInsight(this.#context))
      throw cannotExclude();
    const found = await this.#paths.resolve((await this.#context.target(path)).path);
    if (this.#options.debug)
      this.#context.terminal.err(`canonicalize: ${path} = ${formatHoardName(found.name)}\n`);
    return found;
  }

  async *#entriesFor(
    { attributes: { priority = DEFAULT_PRIORITY, members } }: AddCommand,
    found: CanonicalPath,
  ): AsyncGenerator<NewEntry> {
    const expansion = expansionOf(members);
    const exclude = expansion === 'none' ? [] : [...this.#options.exclude];
    const nothing: string[] = [];
    const plain = { priority, expansion: 'none', exclude: nothing } as const;
    yield { ...found.name, priority, expansion, exclude };
    for (const link of found.links) yield { ...link, ...plain };
    if (members === undefined || members.which === 'none' || members.later || found.fid === undefined) return;
    // What is no directory has no members.
    if (found.fid.vnode % 2 === 0) return;
    if (this.#options.verbose) this.#context.print(`Meta expanding ${this.#userPath(found.path)}\n`);
    const expanding = {
      files: await this.#context.files(),
      venus: this.#venus,
      excludes: this.#excludes,
      leftOut: (path: string) =>
        this.#context.terminal.err(
          `${this.#userPath(path)}: not hoarded with it, since another volume begins there; add it by itself\n`,
        ),
    };
    for await (const name of membersOf(found, members.which, expanding)) {
      const member = { ...found.name, name };
      if (this.#options.verbose) this.#context.print(`\t${formatHoardName(member)}\n`);
      yield { ...member, ...plain };
    }
  }

  #userPath(path: string): string {
    return this.#context.userPath(`/coda${path}`);
  }

  /** Several at once go to the embedded venus together; one alone takes the way that costs no HTTP client. */
  async #send(entries: readonly NewEntry[]): Promise<void> {
    const [first] = entries;
    if (first && hasInsight(this.#context) && (entries.length > 1 || first.exclude.length > 0)) {
      try {
        const insight = await hoardInsight(this.#context, 'hoard add');
        this.added += await insight.add(entries);
        this.#context.succeed();
      } catch (error) {
        const label = entries.length === 1 ? this.#labelOf(first) : `hoard add: ${entries.length} entries`;
        await this.#context.fail(explainRefusal(error), label);
      }
      return;
    }
    const send = (entry: NewEntry) => call(this.#venus, hoardAdd, ROOT, entry);
    for await (const outcome of inFlight(entries, REQUESTS, send)) {
      if (outcome.ok) {
        this.added += 1;
        this.#context.succeed();
      } else await this.#context.fail(explainRefusal(outcome.error), this.#labelOf(outcome.item));
    }
  }

  /** spec/hoard.md, 3. */
  #labelOf(entry: NewEntry): string {
    const { expansion, priority } = entry;
    const bits = attributeBits(expansion === 'none' ? undefined : { which: expansion, later: true });
    return `pioctl:Add(${formatHoardName(entry)}, ${priority}, ${bits}, ${requestingUid(this.#context)})`;
  }
}

function cannotExclude(): UnsupportedError {
  return new UnsupportedError('--exclude does not go with c+ and d+ here', {
    why: 'The venus in use is that of a mounted Coda, whose hoard database has no place for what is left out.',
    next: 'Give c or d instead: what is there now is hoarded then, without what --exclude names.',
  });
}
