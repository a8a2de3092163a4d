import type { ChildProcess } from 'node:child_process';
import * as v from 'valibot';
import { CodaError } from '../../ipc/errors.ts';
import { logNote } from '../log.ts';
import { noAnswer } from '../net/failure.ts';
import type { ServerState } from '../net/nodeProtocol.ts';
import { type NodeReport, type NodeSetup, nodeReportSchema } from './nodeSetup.ts';

/** Starts a process that runs a node, with a channel to it. */
export type StartProcess = () => ChildProcess;

export interface NodeProcessOptions {
  readonly name: string;
  readonly start: StartProcess;
  /** What it is to be, as of now. */
  readonly setup: () => NodeSetup;
  /** Called when it says that it is ready, before others take it for that. */
  readonly onReady: () => Promise<void>;
}

/** A process of a node could not do its work. Its code is that of the reason. */
export class NodeError extends CodaError {
  readonly code: string;

  constructor(node: string, { code, message, ...advice }: Extract<NodeReport, { kind: 'failed' }>) {
    super(`${node}: ${message}`, advice);
    this.code = code;
  }
}

/** Milliseconds of life below which a process counts as one that dies at once. */
const SHORT_LIFE = 1000;
/** Milliseconds before a process that died at once is started again: the first pause, and the longest. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 5000];
/** Milliseconds in which a process has to end, and in which others wait for one that is being started. */
const PATIENCE = 10_000;

/** The process of a node: it is started again whenever it dies, but not when it is stopped or killed here. */
export class NodeProcess {
  readonly name: string;
  readonly #options: NodeProcessOptions;
  #child: ChildProcess | undefined;
  #ready: Promise<void> = Promise.reject(noAnswer());
  #lives = 0;
  #shortLives = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isReady = false;

  constructor(options: NodeProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get state(): ServerState {
    if (this.#isStopped) return 'stopped';
    return this.#isReady ? 'up' : 'starting';
  }

  /** How often it has been started. */
  get lives(): number {
    return this.#lives;
  }

  /** Starts it, unless it runs. @throws NodeError if it cannot do its work */
  async start(): Promise<void> {
    this.#isStopped = false;
    clearTimeout(this.#restart);
    if (!this.#child) this.#live();
    await this.#ready;
  }

  /** Resolves when it is ready, or ready again. @throws VenusError ETIMEDOUT if that takes too long */
  async ready(): Promise<void> {
    for (const end = Date.now() + PATIENCE; ;) {
      const left = end - Date.now();
      if (left <= 0 || this.#isStopped) throw noAnswer();
      const isReady = await Promise.race([
        this.#ready.then(
          () => true,
          () => sleep(FIRST_PAUSE).then(() => false),
        ),
        sleep(left).then(() => false),
      ]);
      if (isReady) return;
    }
  }

  /** Ends it cleanly; one that does not end is killed. It stays down until it is started. */
  stop(): Promise<void> {
    return this.#end((child) => {
      if (child.connected) child.disconnect();
      const kill = setTimeout(() => {
        logNote(`${this.name} (pid ${child.pid}) does not end, and is killed`);
        child.kill('SIGKILL');
      }, PATIENCE);
      child.once('exit', () => clearTimeout(kill));
    });
  }

  /** Ends it with SIGKILL. It stays down until it is started. */
  kill(): Promise<void> {
    return this.#end((child) => child.kill('SIGKILL'));
  }

  async #end(how: (child: ChildProcess) => void): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    how(child);
    await ended;
  }

  #live(): void {
    const { start, setup, onReady } = this.#options;
    const child = start();
    this.#child = child;
    this.#lives += 1;
    const startedAt = Date.now();
    this.#ready = firstReport(this.name, child)
      .then(onReady)
      .then(() => void (this.#isReady = this.#child === child));
    this.#ready.catch((error: unknown) => logNote(`${this.name} (pid ${child.pid}): ${String(error)}`));
    child.once('exit', (status, signal) => {
      this.#child = undefined;
      this.#isReady = false;
      this.#forgetReady();
      if (this.#isStopped) return;
      logNote(`${this.name} (pid ${child.pid}) has ended: ${signal ?? `status ${status}`}`);
      this.#liveAgain(Date.now() - startedAt);
    });
    // What cannot be sent to a process that has just died is not missed.
    child.send(setup(), () => undefined);
  }

  #forgetReady(): void {
    this.#ready = Promise.reject(noAnswer());
    this.#ready.catch(() => undefined);
  }

  /** At once, but with pauses if it keeps dying. */
  #liveAgain(life: number): void {
    this.#shortLives = life < SHORT_LIFE ? this.#shortLives + 1 : 0;
    const pause = Math.min(FIRST_PAUSE * 2 ** (this.#shortLives - 2), LONGEST_PAUSE);
    this.#restart = setTimeout(() => this.#live(), this.#shortLives < 2 ? 0 : pause);
  }
}

/** Resolves when the process is ready. */
function firstReport(name: string, child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (message: string) => reject(new NodeError(name, { kind: 'failed', code: 'start', message }));
    child.on('error', (error) => fail(String(error)));
    child.once('exit', (status, signal) => fail(`ended while it started (${signal ?? `status ${status}`})`));
    child.once('message', (message) => {
      const parsed = v.safeParse(nodeReportSchema, message);
      if (!parsed.success) fail('started in an unknown way');
      else if (parsed.output.kind === 'failed') reject(new NodeError(name, parsed.output));
      else resolve();
    });
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
