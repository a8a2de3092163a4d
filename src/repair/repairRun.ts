/** A run of the tool: at most one session at a time, and the state it is in. */
import { CodaError, TimeLimitError, VenusUnavailableError } from '../ipc/errors.ts';
import type { RepairDocument } from '../ipc/repairs.ts';
import type { FileTree } from '../ipc/venus.ts';
import { printable } from '../term/printable.ts';
import {
  type Committed,
  type LocalSession,
  type RepairBackend,
  RepairError,
  type RepairSession,
  type ServerSession,
} from './backend.ts';
import type { Conversation } from './conversation.ts';
import type { KnownPlaces } from './replicas/fixCheck.ts';
import type { Decisions } from './replicas/decisions.ts';
import { type RepairEvent, type RepairState, isSession, sessionStateOf, transition } from './stateTable.ts';
import { shellWord } from '../term/shellWord.ts';

/** What a run needs of its surroundings. */
export interface Workplace {
  readonly backend: RepairBackend;
  readonly conversation: Conversation;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  files(): Promise<FileTree>;
  /** Where what a repair takes from the servers is copied to. @param path of the object under repair, from the Coda root */
  copies(path: string): Promise<Copies>;
  /** A typed path from the Coda root. @throws NotCodaPathError, BadPathError */
  toVenusPath(typed: string): Promise<string>;
  /** The other way round, as the user sees it. */
  toUserPath(path: string): string;
}

/** Copies on this machine of what the servers have of one object. */
export interface Copies {
  /** Where they are; undefined as long as there are none. */
  readonly directory: string | undefined;
  /** @param below the expanded object: a server, or a name at one */
  save(below: string): Promise<void>;
  /** What a server has of an object that is a file. */
  saveVersion(server: string): Promise<void>;
}

/** How the last session of a run ended. */
export type Standing =
  | 'no session'
  /** The servers hold the result. */
  | 'settled'
  /** All is as before, or what was skipped is still in conflict. */
  | 'conflict remains'
  | 'left expanded';

/** The object in conflict is still expanded, or may be. */
export class NotCollapsedError extends CodaError {
  readonly code = 'not-collapsed';

  constructor(object: string, because: string, cause: unknown) {
    super(`${printable(object)} could not be collapsed: ${because}`, howToCollapse(object), { cause });
  }
}

function howToCollapse(object: string): { readonly why: string; readonly next: string } {
  const word = shellWord(object);
  return {
    why: 'It may show as a directory of its versions until somebody collapses it; nothing of either side is lost.',
    next: `Go on with the session: repair ${word}. Or leave it: cfs endrepair ${word}`,
  };
}

export class RepairRun {
  readonly workplace: Workplace;
  standing: Standing = 'no session';
  /** The object as it was typed, and the fix file that was written or applied last. */
  typed = '';
  fixFile = '';
  /** Where the last comparison has seen what the fix file moves. */
  known: KnownPlaces | undefined;
  /** What was decided in the session about replicas that differ. */
  readonly decisions: Decisions = new Map();
  #state: RepairState = 'idle';
  #copies: Promise<Copies> | undefined;
  #open: { readonly session: RepairSession; readonly document: RepairDocument } | undefined;

  constructor(workplace: Workplace) {
    this.workplace = workplace;
  }

  get state(): RepairState {
    return this.#state;
  }

  get conversation(): Conversation {
    return this.workplace.conversation;
  }

  /** @throws RepairError outside a session of local mutations */
  get session(): LocalSession {
    const { session } = this.#opened();
    if (session.kind !== 'local/global')
      throw new RepairError('No local mutation is in conflict here', {
        why: 'The servers differ among each other.',
        next: 'See who has what: show',
      });
    return session;
  }

  /** @throws RepairError outside a session of replicas */
  get replicas(): ServerSession {
    const { session } = this.#opened();
    if (session.kind !== 'server/server')
      throw new RepairError('The servers agree among each other', {
        next: 'See what is in conflict: checkLocal',
      });
    return session;
  }

  get isOfServers(): boolean {
    return this.#open?.session.kind === 'server/server';
  }

  /** What the session was when it was begun: what does not change. */
  get begun(): RepairDocument {
    return this.#opened().document;
  }

  get hasObject(): boolean {
    return this.#open !== undefined;
  }

  /** The object under repair, as the user sees it. */
  get object(): string {
    return this.workplace.toUserPath(this.begun.path);
  }

  /** Copies what a server has of the object, before it goes. @throws what keeps the copy from being made: then nothing may go */
  readonly save = async (below: string): Promise<void> => {
    this.#copies ??= this.workplace.copies(this.begun.path);
    const copies = await this.#copies;
    const before = copies.directory;
    await (this.begun.type === 'file' ? copies.saveVersion(below) : copies.save(below));
    if (copies.directory !== before)
      this.conversation.note(`copies of what the servers have are in ${printable(copies.directory ?? '')}\n`);
  };

  /** Expands an object. Afterwards the state is that of its session, or stale. @throws RepairError; VenusError */
  async begin(typed: string): Promise<void> {
    const path = await this.workplace.toVenusPath(typed);
    this.typed = typed;
    this.decisions.clear();
    this.#copies = undefined;
    this.known = undefined;
    this.#step('begin');
    try {
      this.#open = await this.#expand(path);
    } catch (error) {
      const unanswered = error instanceof TimeLimitError || error instanceof VenusUnavailableError;
      this.#step(unanswered ? 'not answered' : 'refused');
      if (unanswered) this.standing = 'left expanded';
      throw error instanceof TimeLimitError
        ? new TimeLimitError(error.message, howToCollapse(typed), { cause: error })
        : error;
    }
    const { document } = this.#open;
    this.#step(document.isResumed ? 'found expanded' : `opened ${sessionStateOf(document)}`);
    this.standing = 'left expanded';
  }

  async #expand(path: string): Promise<{ session: RepairSession; document: RepairDocument }> {
    const session = await this.workplace.backend.begin(path);
    try {
      return { session, document: await session.document() };
    } catch (error) {
      await session.abort();
      throw error;
    }
  }

  /** Goes on with a session that was found. */
  resume(): void {
    this.#step(`resumed ${sessionStateOf(this.begun)}`);
  }

  /** Sends the result to the servers. Where they have something newer the session stays. */
  async commit(): Promise<Committed> {
    const { session } = this;
    const before = await session.document();
    const committed = await session.commit();
    if (committed.kind === 'done') {
      this.#step('committed');
      this.#open = undefined;
      const undecided = before.mutations.filter(
        ({ decision }) => decision === undefined || decision === 'skipped',
      );
      this.standing = undecided.length === 0 ? 'settled' : 'conflict remains';
    }
    return committed;
  }

  /** The object was repaired and is collapsed. */
  settled(standing: 'settled' | 'conflict remains'): void {
    this.#step('committed');
    this.#open = undefined;
    this.standing = standing;
  }

  /** Ends the session without a commit, and collapses the object. @throws NotCollapsedError */
  async abort(): Promise<void> {
    const { session } = this.#opened();
    const { object } = this;
    this.#step('leave');
    this.#open = undefined;
    try {
      await session.abort();
      this.#step('collapsed');
      this.standing = 'conflict remains';
    } catch (error) {
      this.#step('not collapsed');
      this.standing = 'left expanded';
      throw new NotCollapsedError(object, error instanceof Error ? error.message : String(error), error);
    }
  }

  /**
   * Ends whatever is under way, as nobody can be asked any more. What was found expanded stays so, as it is somebody's
   * work. @throws NotCollapsedError
   */
  async leave(): Promise<void> {
    if (isSession(this.#state)) await this.abort();
    else if (this.#state === 'stale') {
      const { object } = this;
      this.leaveAsFound();
      throw new NotCollapsedError(object, 'nobody said what is to become of its session', undefined);
    }
  }

  /** Looks no further at a session that was found. */
  leaveAsFound(): void {
    this.#step('left expanded');
    this.#open = undefined;
    this.standing = 'left expanded';
  }

  /** Nothing more will be done. */
  end(): void {
    this.#step('quit');
  }

  #opened(): { readonly session: RepairSession; readonly document: RepairDocument } {
    if (!this.#open) throw new RepairError('No repair session is under way');
    return this.#open;
  }

  #step(event: RepairEvent): void {
    this.#state = transition(this.#state, event).to;
  }
}
