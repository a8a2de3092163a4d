import { expansionOf } from '../../hoard/attributes.ts';
import type { CanonicalPaths } from '../../hoard/canonicalPath.ts';
import type { HoardCommand } from '../../hoard/command.ts';
import { formatHoardName } from '../../hoard/entryText.ts';
import { type Call, type Pioctls, ROOT, call } from '../../ipc/call.ts';
import { hoardClear } from '../../ipc/calls/hoardClear.ts';
import { hoardDelete } from '../../ipc/calls/hoardDelete.ts';
import { hoardDisable } from '../../ipc/calls/hoardDisable.ts';
import { hoardEnable } from '../../ipc/calls/hoardEnable.ts';
import { errno } from '../../ipc/errno.ts';
import { VenusError, isErrno } from '../../ipc/errors.ts';
import { ALL_USERS, type HoardName } from '../../ipc/hoardName.ts';
import type { Context } from '../context.ts';
import { type AddCommand, type AddingOptions, EntryAdder } from './entryAdder.ts';
import { canonicalPathsOf, explainRefusal, requestingUid } from './hoardPlace.ts';

type CommandOf<Kind extends HoardCommand['kind']> = Extract<HoardCommand, { readonly kind: Kind }>;

/** `add` commands that are looked up together. */
const TOGETHER = 256;

/** Does what commands say, in their order, and keeps what `--json` shows of it. */
export class HoardRun {
  readonly #context: Context;
  readonly #venus: Pioctls;
  readonly #paths: CanonicalPaths;
  readonly #adder: EntryAdder;
  readonly #document: Record<string, unknown> = {};
  #waiting: AddCommand[] = [];

  static async start(context: Context, options: AddingOptions): Promise<HoardRun> {
    return new HoardRun(context, await context.venus(), options);
  }

  private constructor(context: Context, venus: Pioctls, options: AddingOptions) {
    this.#context = context;
    this.#venus = venus;
    this.#paths = canonicalPathsOf(context, venus);
    this.#adder = new EntryAdder(context, venus, this.#paths, options);
  }

  /** One after the other; a failure is reported, and the rest is done all the same. */
  async perform(command: HoardCommand): Promise<void> {
    if (command.kind === 'add') {
      this.#waiting.push(command);
      if (this.#waiting.length >= TOGETHER) await this.#addWaiting();
      return;
    }
    await this.#addWaiting();
    await this.#performNow(command);
  }

  /** Does what waits to be done together with more. */
  async settle(): Promise<void> {
    await this.#addWaiting();
  }

  /** To be called when all commands are there. */
  async end(): Promise<void> {
    await this.settle();
    if (!this.#context.json) return;
    this.#context.printJson({ ...this.#document, failures: this.#context.failures });
  }

  async #addWaiting(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const commands = this.#waiting;
    this.#waiting = [];
    await this.#adder.add(commands);
    this.#document['added'] = this.#adder.added;
  }

  async #performNow(command: Exclude<HoardCommand, AddCommand>): Promise<void> {
    switch (command.kind) {
      case 'clear':
        return this.#clear(command);
      case 'delete':
        return this.#delete(command);
      case 'modify':
        return this.#modify(command);
      case 'list': {
        const { list } = await import('./listing.ts');
        this.#merge(await list(this.#context, command));
        return;
      }
      case 'verify': {
        const { verify } = await import('./verification.ts');
        this.#merge(await verify(this.#context, command));
        return;
      }
      case 'walk':
        return this.#walk();
      case 'on':
        return this.#switch(hoardEnable, 'Enable', true);
      case 'off':
        return this.#switch(hoardDisable, 'Disable', false);
    }
  }

  #merge(facts: object): void {
    Object.assign(this.#document, facts);
  }

  async #clear({ uid = ALL_USERS }: CommandOf<'clear'>): Promise<void> {
    const shown = uid === ALL_USERS ? -1 : uid;
    await this.#request(hoardClear, uid, `Clear(${shown}, ${this.#uid})`);
    this.#merge({ cleared: uid === ALL_USERS ? 'all' : uid });
  }

  async #delete({ path: typed }: CommandOf<'delete'>): Promise<void> {
    try {
      const { name, links, isLink } = await this.#paths.resolve((await this.#context.target(typed)).path);
      const own = links[0];
      // The link got an entry of its own with what it leads to.
      const wasLinkHoarded = isLink && own !== undefined && (await this.#deleteLink(own));
      const failure = await this.#deleteEntry(name);
      if (failure === undefined || (wasLinkHoarded && isErrno(failure, 'ENOENT'))) {
        this.#context.succeed();
        this.#merge({ deleted: Number(this.#document['deleted'] ?? 0) + 1 });
      } else
        await this.#context.fail(
          explainRefusal(failure),
          `pioctl:Delete(${formatHoardName(name)}, ${this.#uid})`,
        );
    } catch (error) {
      await this.#context.fail(error, `canonicalize: ${typed}`, typed);
    }
  }

  async #deleteEntry(name: HoardName): Promise<VenusError | undefined> {
    try {
      await call(this.#venus, hoardDelete, ROOT, name);
      return undefined;
    } catch (error) {
      if (error instanceof VenusError) return error;
      throw error;
    }
  }

  async #deleteLink(name: HoardName): Promise<boolean> {
    const failure = await this.#deleteEntry(name);
    if (failure !== undefined && !failure.is('ENOENT')) throw failure;
    return failure === undefined;
  }

  /** What was not said stays as it is. Adding an entry replaces the one of its name, in one request. */
  async #modify({ path: typed, attributes }: CommandOf<'modify'>): Promise<void> {
    let label = `canonicalize: ${typed}`;
    try {
      const { name } = await this.#paths.resolve((await this.#context.target(typed)).path);
      label = `pioctl:Modify(${formatHoardName(name)}, ${this.#uid})`;
      const { entryOf, replaceEntry } = await import('./listing.ts');
      const present = await entryOf(this.#context, name);
      if (!present) throw notHoarded(typed);
      const { priority = present.priority, members } = attributes;
      const expansion = members === undefined ? present.expansion : expansionOf(members);
      const exclude = expansion === 'none' ? [] : present.exclude;
      await replaceEntry(this.#context, this.#venus, { ...name, priority, expansion, exclude });
      this.#context.succeed();
      this.#merge({ modified: Number(this.#document['modified'] ?? 0) + 1 });
    } catch (error) {
      await this.#context.fail(explainRefusal(error), label);
    }
  }

  async #walk(): Promise<void> {
    const { walk } = await import('./walking.ts');
    const walked = await walk(this.#context);
    if (walked === undefined) return;
    this.#merge(walked);
    const { verify } = await import('./verification.ts');
    this.#merge(await verify(this.#context, { kind: 'verify', verbosity: 0 }));
  }

  async #switch(definition: Call<number, void>, name: string, isPeriodic: boolean): Promise<void> {
    if (await this.#request(definition, 0, `${name}(${this.#uid})`)) this.#merge({ isPeriodic });
  }

  /** @returns whether it was done */
  async #request<Request>(definition: Call<Request, void>, value: Request, label: string): Promise<boolean> {
    try {
      await call(this.#venus, definition, ROOT, value);
      this.#context.succeed();
      return true;
    } catch (error) {
      await this.#context.fail(explainRefusal(error), `pioctl:${label}`);
      return false;
    }
  }

  get #uid(): number {
    return requestingUid(this.#context);
  }
}

function notHoarded(typed: string): VenusError {
  return new VenusError(errno('ENOENT'), {
    why: 'It has no entry of its own in the hoard database.',
    next: `To hoard it: hoard add ${typed}`,
  });
}
