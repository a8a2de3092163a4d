import { type VenusAddress, chooseVenus } from '../ipc/address.ts';
import { type Pioctls, ROOT, call } from '../ipc/call.ts';
import { getToken } from '../ipc/calls/getToken.ts';
import { realmOfPath, toUserPath, toVenusPath } from '../ipc/codaPath.ts';
import { ConfigurationError, UnsupportedError, VenusError, isErrno } from '../ipc/errors.ts';
import { type Behind, behindMount } from '../ipc/mount/socketLink.ts';
import { mountPointOf, openVenus, realmsOf, workingDirectory } from '../ipc/openVenus.ts';
import type { HttpSession } from '../ipc/socket/httpSession.ts';
import type { FileTree, Venus } from '../ipc/venus.ts';
import { marinerSocket } from '../ipc/venusConf.ts';
import { errorMessage, writeError } from '../term/errorMessage.ts';
import { formatJson } from '../term/json.ts';
import { printableLines } from '../term/printable.ts';
import { shellWord } from '../term/shellWord.ts';
import { spinWhile } from '../term/spinner.ts';
import type { Terminal } from '../term/terminal.ts';
import { type ExitStatus, ExitStatus as Status, combineStatus, exitStatusOf } from './exitStatus.ts';
import { type TokenState, type UnsentLog, explain, logErrnos } from './explain.ts';

/** What surrounds a run, passed in. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly cwd: () => string;
  readonly terminal: Terminal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The options that every command has. */
export interface CommonOptions {
  readonly venus: string | undefined;
  /** Milliseconds. */
  readonly timeLimit: number;
  readonly json: boolean;
}

/** A path as it was typed, and as venus wants it. */
export interface Target {
  readonly typed: string;
  readonly path: string;
}

/** A failure as it stands in `--json`. */
export interface JsonFailure {
  readonly path: string;
  readonly errno?: number;
  readonly message: string;
}

/** The tool that runs, as far as its commands look at it. */
export interface RunningTool {
  readonly name: string;
  readonly commands: readonly CommandSummary[] | (() => unknown);
}

/** What `help` shows of a command. */
export interface CommandSummary {
  readonly names: readonly string[];
  readonly load: () => Promise<{
    readonly usage: string;
    readonly summary: string;
    readonly description?: readonly string[];
  }>;
  readonly isListed?: boolean;
}

/** Everything a command touches: venus, the terminal, and the account of what went wrong. */
export class Context {
  readonly surroundings: Surroundings;
  readonly tool: RunningTool;
  readonly json: boolean;
  /** CODA_CLASSIC=1: the exit statuses of the C tools. */
  readonly classic: boolean;
  readonly terminal: Terminal;
  readonly failures: JsonFailure[] = [];
  readonly #common: CommonOptions;
  readonly #classicFailure: number;
  readonly #statuses: ExitStatus[] = [];
  #classicStatus = 0;
  #address: VenusAddress | undefined;
  #behind: Behind | undefined;
  #speaksFor: number | undefined;
  #endStatus: number | undefined;
  #venus: Venus | undefined;
  #workingDirectoryFound: Promise<string> | undefined;

  constructor(tool: RunningTool, surroundings: Surroundings, common: CommonOptions, classicFailure: number) {
    this.tool = tool;
    this.surroundings = surroundings;
    this.terminal = surroundings.terminal;
    this.json = common.json;
    this.classic = surroundings.env['CODA_CLASSIC'] === '1';
    this.#common = common;
    this.#classicFailure = classicFailure;
  }

  get timeLimit(): number {
    return this.#common.timeLimit;
  }

  /** Which venus this run talks to. @throws ConfigurationError */
  address(): VenusAddress {
    this.#address ??= chooseVenus(this.#common.venus, this.surroundings);
    return this.#address;
  }

  /** Venus for requests one at a time: on a terminal a spinner says what is waited for. */
  async pioctls(): Promise<Pioctls> {
    const venus = await this.venus();
    return {
      pioctl: (request) =>
        this.waitFor(`${request.name ?? 'an answer'} of ${request.path}`, venus.pioctl(request)),
    };
  }

  async venus(): Promise<Venus> {
    this.#venus ??= await openVenus(this.address(), {
      timeLimit: this.#common.timeLimit,
      uid: this.otherUid(),
      marinerSocket: () => marinerSocket(this.surroundings.env),
    });
    return this.#venus;
  }

  async files(): Promise<FileTree> {
    return (await this.venus()).files();
  }

  /** The HTTP dialect of the embedded venus. @param what what needs it, for the error on a mounted Coda */
  async http(what: string): Promise<HttpSession> {
    const venus = await this.venus();
    const http = await venus.http?.();
    if (http) return http;
    if (this.#behindMount()?.kind === 'foreign') {
      throw new UnsupportedError(`${what}: only for the owner of the venus that is mounted here`, {
        why: 'What has no pioctl goes to the socket of the embedded venus, which belongs to its user.',
        next: 'Ask him, or start a venus of your own with coda up.',
      });
    }
    throw new UnsupportedError(`${what}: only the embedded venus does this`, {
      why: 'The venus in use is that of a mounted Coda, which has no request for it.',
      next: 'Start an embedded venus with coda up, and choose it with --venus unix:SOCKET.',
    });
  }

  /** Whether the embedded venus is in use, by its socket or where it is mounted; not for a real Coda, nor for another's venus. */
  isEmbedded(): boolean {
    return this.address().kind === 'socket' || this.#behindMount()?.kind === 'socket';
  }

  async realms(): Promise<readonly string[]> {
    return realmsOf(this.address(), await this.venus());
  }

  /** The uid that CODA_UID names, if it is not the caller's own. @throws ConfigurationError */
  otherUid(): number | undefined {
    if (this.#speaksFor !== undefined) return this.#speaksFor;
    const text = this.surroundings.env['CODA_UID'];
    if (!text || text === String(this.surroundings.uid)) return undefined;
    if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
    throw new ConfigurationError(`CODA_UID: ${text} is not a user id`, {
      next: 'Set it to a number, or unset it.',
    });
  }

  /** From now on requests to the embedded venus are those of another local user. Before the first one. */
  speakFor(uid: number): void {
    this.#speaksFor = uid;
  }

  /** One path, as venus wants it. @throws NotCodaPathError, BadPathError */
  async target(typed: string): Promise<Target> {
    const mountPoint = mountPointOf(this.address());
    const start = typed.startsWith('/') ? mountPoint : await this.#workingDirectory();
    return { typed, path: toVenusPath(typed, { mountPoint, workingDirectory: start }) };
  }

  /** A path as venus names it, from where the user sees Coda. */
  userPath(path: string): string {
    return toUserPath(path, mountPointOf(this.address()));
  }

  /** Shows a spinner on a terminal while something takes long. @param what as `getacl of /usr` */
  waitFor<T>(what: string, work: Promise<T>): Promise<T> {
    return spinWhile(work, what, this.terminal);
  }

  /** Classic output, to the byte; harmless on a terminal. */
  print(text: string): void {
    this.terminal.out(this.terminal.outIsTerminal ? printableLines(text) : text);
  }

  /** The document of `--json`. */
  printJson(document: unknown): void {
    this.terminal.out(formatJson(document));
  }

  /** One line of JSON Lines. */
  printJsonLine(document: unknown): void {
    this.terminal.out(formatJson(document, 0));
  }

  /** Something for the person, never for a script: on stderr, and only on a terminal. */
  note(text: string): void {
    if (this.terminal.errIsTerminal) this.terminal.err(`${printableLines(text)}\n`);
  }

  /** Counts a thing that was done, so that failures of others are "in part". */
  succeed(): void {
    this.#statuses.push(Status.Done);
  }

  /**
   * Reports a failure and goes on.
   * @param label what the classic line begins with
   * @param about the path it is about, as it was typed
   * @param classic what the C tool would exit with
   */
  async fail(error: unknown, label: string, about?: string, classic = this.#classicFailure): Promise<void> {
    const token = await this.#tokenBehind(error, about);
    const log = await this.#logBehind(error, about);
    const explained = explain(error, { about, log, ...token });
    await writeError(this.terminal, errorMessage(explained, label));
    if (log && about !== undefined && !this.terminal.errIsTerminal)
      this.terminal.err(`${about}: ${hintAt(log)}: coda doctor ${shellWord(about)}\n`);
    this.failures.push({
      path: about ?? label,
      ...(error instanceof VenusError ? { errno: error.errno } : {}),
      message: explained instanceof Error ? explained.message : String(explained),
    });
    this.count(
      token.state === 'none' || token.state === 'expired' ? Status.NoToken : exitStatusOf(error),
      classic,
    );
  }

  /** Counts a failure that was reported otherwise. @param classic what the C tool would exit with */
  count(status: ExitStatus, classic = this.#classicFailure): void {
    this.#statuses.push(status);
    if (status !== Status.Done) this.#classicStatus = classic;
  }

  /** Ends as something else did that was run. @param status a process's */
  endWith(status: number): void {
    this.#endStatus = status;
  }

  /** What the process ends with. */
  exitStatus(): number {
    if (this.#endStatus !== undefined) return this.#endStatus;
    return this.classic ? this.#classicStatus : combineStatus(this.#statuses);
  }

  #behindMount(): Behind | undefined {
    const address = this.address();
    if (address.kind === 'mount') this.#behind ??= behindMount(address.directory);
    return this.#behind;
  }

  async #workingDirectory(): Promise<string> {
    const venus = await this.venus();
    this.#workingDirectoryFound ??= workingDirectory(this.address(), venus, this.surroundings);
    return this.#workingDirectoryFound;
  }

  /** Behind some failures stands a log that does not go out, though they read as if a server were down. */
  async #logBehind(error: unknown, about: string | undefined): Promise<UnsentLog | undefined> {
    if (about === undefined || !isErrno(error, ...logErrnos) || error.why !== undefined) return undefined;
    const { unsentLogAt } = await import('./unsentLog.ts');
    return unsentLogAt(this, about);
  }

  /** Permission denied is looked into: without a valid token that is the reason. */
  async #tokenBehind(error: unknown, about: string | undefined): Promise<TokenState> {
    if (about === undefined || !isErrno(error, 'EACCES')) return { state: 'unknown', realm: undefined };
    const realm = realmOfPath((await this.target(about)).path);
    if (realm === undefined) return { state: 'unknown', realm };
    try {
      const { clear } = await call(await this.venus(), getToken, ROOT, realm);
      return { state: clear.ends * 1000 > this.surroundings.now() ? 'valid' : 'expired', realm };
    } catch (failure) {
      return { state: isErrno(failure, 'ENOTCONN') ? 'none' : 'unknown', realm };
    }
  }
}

/** For scripts, which see no more than lines. */
function hintAt({ entries, owner }: UnsentLog): string {
  const whose = owner === undefined ? '' : ` of ${owner}`;
  return `unsent changes${whose} in the modify log: ${entries}; to see why`;
}
