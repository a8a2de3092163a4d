import type { Command, Option } from '../../src/commands/command.ts';
import { type CommonOptions, Context, type Surroundings } from '../../src/commands/context.ts';
import { parseWords } from '../../src/commands/words.ts';
import type { VenusAddress } from '../../src/ipc/address.ts';
import type { Call } from '../../src/ipc/call.ts';
import { listRealms } from '../../src/ipc/calls/listRealms.ts';
import { type ErrnoName, errno } from '../../src/ipc/errno.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import type { PioctlRequest } from '../../src/ipc/framing.ts';
import type { FileTree, Venus } from '../../src/ipc/venus.ts';
import { type Ends, RecordingTerminal } from '../support/recordingTerminal.ts';

/** What a fake venus does with one kind of request. */
export interface Handler {
  readonly opcode: number;
  readonly answer: (request: PioctlRequest) => Promise<Uint8Array> | Uint8Array;
}

/** A handler that reads the request, and answers what the test gives. */
export function on<Request, Reply>(
  call: Call<Request, Reply>,
  answer: (request: Request, path: string) => Reply | Promise<Reply>,
): Handler {
  return {
    opcode: call.opcode,
    answer: async ({ input, path }) => call.reply.encode(await answer(call.request.decode(input), path)),
  };
}

/** Venus's answer of an errno. */
export function refuse(name: ErrnoName): never {
  throw new VenusError(errno(name));
}

/** A venus that does what the handlers say, and keeps what it was asked. It is in the realm r.org. */
export class FakeVenus implements Venus {
  readonly requests: PioctlRequest[] = [];
  readonly #handlers: readonly Handler[];
  readonly #files: FileTree | undefined;

  constructor(handlers: readonly Handler[], files?: FileTree) {
    this.#handlers = [...handlers, on(listRealms, () => ['r.org'])];
    this.#files = files;
  }

  /** Paths of the requests of one kind. */
  pathsOf({ opcode }: { readonly opcode: number }): readonly string[] {
    return this.requests.filter((request) => request.opcode === opcode).map(({ path }) => path);
  }

  async pioctl(request: PioctlRequest): Promise<Uint8Array> {
    this.requests.push(request);
    const handler = this.#handlers.find(({ opcode }) => opcode === request.opcode);
    if (!handler) throw new Error(`the test did not expect opcode ${request.opcode}`);
    return handler.answer(request);
  }

  files(): Promise<FileTree> {
    if (!this.#files) throw new Error('the test did not expect files');
    return Promise.resolve(this.#files);
  }

  events(): never {
    throw new Error('the test did not expect events');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What may differ between runs; nothing of it comes from the process. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly ends?: Ends;
  readonly now?: number;
  readonly address?: VenusAddress;
  readonly cwd?: string;
  readonly json?: boolean;
}

/** Surroundings without anything of this machine's configuration. */
export function surroundingsOf(terminal: RecordingTerminal, options: RunOptions = {}): Surroundings {
  const address = options.address ?? { kind: 'socket', path: '/nowhere/venus.sock' };
  const venus = address.kind === 'mount' ? `mount:${address.directory}` : `unix:${address.path}`;
  return {
    env: { CODACONFPATH: '/nowhere', CODA_VENUS: venus, ...options.env },
    uid: 1000,
    cwd: () => options.cwd ?? '/home/jan',
    terminal,
    now: () => options.now ?? 0,
  };
}

/** A context whose venus is the test's. */
export class TestContext extends Context {
  readonly #venus: Venus;
  /** Its terminal, as the test looks at it. */
  readonly recorded: RecordingTerminal;

  constructor(venus: Venus, options: RunOptions = {}, command: Pick<Command, 'classicFailure'> = {}) {
    const terminal = new RecordingTerminal(options.ends);
    const common: CommonOptions = { venus: undefined, timeLimit: 5000, json: options.json ?? false };
    super(
      { name: 'cfs', commands: [] },
      surroundingsOf(terminal, options),
      common,
      command.classicFailure ?? 255,
    );
    this.#venus = venus;
    this.recorded = terminal;
  }

  override venus(): Promise<Venus> {
    return Promise.resolve(this.#venus);
  }
}

/** How a run went. */
export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

const jsonOption: Option = { flags: '--json', summary: '' };

/** Runs a command with what was typed behind its name. `--json` is the only common option it knows. */
export async function run(
  command: Command,
  typed: readonly string[],
  venus: Venus,
  options: RunOptions = {},
): Promise<Finished> {
  const parsed = await parseWords('cfs x', command, [...(command.options ?? []), jsonOption], typed);
  if ('help' in parsed) throw new Error('the test did not ask for help');
  const context = new TestContext(venus, { ...options, json: parsed.options.flag('json') }, command);
  await command.run(context, parsed.words, parsed.options);
  const { stdout, stderr } = context.recorded;
  return { stdout, stderr, status: context.exitStatus() };
}
