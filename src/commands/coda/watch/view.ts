import type { ChildProcess } from 'node:child_process';
import { hasEscapedBytes } from '../../../ipc/text.ts';
import type { Context } from '../../context.ts';
import { type Key, Keyboard } from './keys.ts';
import { inColour, withoutColour } from './paint.ts';
import { screenLines } from './screen.ts';
import { TerminalScreen } from './terminalScreen.ts';
import { type ToolRun, commandLine, runBeside, runInForeground } from './tools.ts';
import { type Volume, keyOf } from './volumes.ts';
import { type WatchModel, placeOf } from './watchModel.ts';

/** How a view was left. */
export type Ending = 'quit' | 'interrupted' | NodeJS.Signals;

/** Milliseconds between two pictures at least, and at most: the clock and the rates go on. */
const [FAST, SLOW] = [80, 1000];
/** Milliseconds that what a key came to is shown. */
const MESSAGE = 10_000;

/** The view as a whole: the model on the screen, and keys. */
export class View {
  readonly #context: Context;
  readonly #model: WatchModel;
  readonly #screen: TerminalScreen;
  readonly #keyboard = new Keyboard();
  readonly #ended: Promise<Ending>;
  #end: (ending: Ending) => void = () => undefined;
  readonly #stops: (() => void)[] = [];
  #selected: string | undefined;
  #showsHelp = false;
  #message = { text: '', until: 0 };
  #child: ChildProcess | undefined;
  /** Who waits for any key, to come back to the view. */
  #awaitsKey: (() => void) | undefined;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context, model: WatchModel) {
    this.#context = context;
    this.#model = model;
    this.#screen = new TerminalScreen(context.terminal);
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Shows the model until a person or a signal ends it, or `watching` fails; the terminal is as it was then. */
  async run(watching: Promise<never>): Promise<Ending> {
    this.#listen();
    this.#screen.enter();
    this.#draw();
    try {
      return await Promise.race([this.#ended, watching]);
    } finally {
      clearTimeout(this.#timer);
      for (const stop of this.#stops.splice(0)) stop();
      this.#screen.leave();
      this.#child?.kill();
    }
  }

  /** The model has changed: a picture follows soon. */
  changed(): void {
    this.#drawIn(Math.max(0, this.#drawn + FAST - Date.now()));
  }

  #listen(): void {
    this.#on('SIGTERM', () => this.#end('SIGTERM'));
    this.#on('SIGHUP', () => this.#end('SIGHUP'));
    // A tool that has the terminal hears ^C by itself.
    this.#on('SIGINT', () => {
      if (!this.#child) this.#end('interrupted');
    });
    this.#on('SIGTSTP', () => this.#suspend());
    this.#on('SIGCONT', () => this.#resume());
    const resize = () => this.#resume();
    process.stdout.on('resize', resize);
    this.#stops.push(() => process.stdout.off('resize', resize));
    const press = (bytes: Uint8Array) => {
      for (const key of this.#keyboard.take(Buffer.from(bytes).toString('utf8'))) this.#press(key);
    };
    const gone = () => this.#end('SIGHUP');
    if (!this.#context.terminal.inIsTerminal) return;
    process.stdin.on('data', press).on('error', gone);
    this.#stops.push(() => process.stdin.off('data', press).off('error', gone));
  }

  #on(signal: NodeJS.Signals, listener: () => void): void {
    process.on(signal, listener);
    this.#stops.push(() => process.off(signal, listener));
  }

  #press(key: Key): void {
    if (this.#awaitsKey) {
      this.#awaitsKey();
      return;
    }
    if (key === 'interrupt') this.#end('interrupted');
    else if (key === 'suspend') this.#suspend();
    else if (key === 'redraw') this.#screen.clear();
    else if (this.#showsHelp) this.#showsHelp = false;
    else this.#command(key);
    this.changed();
  }

  #command(key: Exclude<Key, 'interrupt' | 'suspend' | 'redraw'>): void {
    switch (key) {
      case 'up':
        this.#move(-1);
        break;
      case 'down':
        this.#move(1);
        break;
      case 'help':
        this.#showsHelp = true;
        break;
      case 'quit':
        this.#end('quit');
        break;
      case 'send':
        this.#onSelected((path) => this.#beside({ tool: 'cfs', words: ['forcereintegrate', path] }));
        break;
      case 'checkpoint':
        this.#onSelected((path) => this.#beside({ tool: 'cfs', words: ['checkpointml', path] }));
        break;
      case 'doctor':
        this.#onSelected((path) => this.#inForeground({ tool: 'coda', words: ['doctor', path] }));
        break;
      case 'repair':
        this.#onSelected((path) => this.#inForeground({ tool: 'repair', words: [path] }));
        break;
      case 'other':
        break;
    }
  }

  #move(by: number): void {
    const { volumes } = this.#model;
    const at = volumes.findIndex((volume) => keyOf(volume) === this.#selected);
    const next = volumes[Math.min(volumes.length - 1, Math.max(0, at + by))];
    if (next) this.#selected = keyOf(next);
  }

  /** Does something with the path of the selected volume. */
  #onSelected(work: (path: string) => Promise<void>): void {
    const volume = this.#model.volumes.find((known) => keyOf(known) === this.#selected);
    const path = volume && this.#pathOf(volume);
    if (path === undefined) return;
    work(path).catch((error: unknown) => this.#say(error instanceof Error ? error.message : String(error)));
  }

  #pathOf(volume: Volume): string | undefined {
    const place = placeOf(volume);
    if (!place.startsWith('/')) {
      this.#say(`where ${place} is mounted is not known; name a path in it: coda watch PATH`);
      return undefined;
    }
    if (hasEscapedBytes(place)) {
      this.#say('its path is not UTF-8, and cannot be handed on');
      return undefined;
    }
    return this.#context.userPath(place);
  }

  async #beside(run: ToolRun): Promise<void> {
    this.#say(`${commandLine(run)} ...`, Infinity);
    this.#say(await runBeside(this.#context, run));
  }

  async #inForeground(run: ToolRun): Promise<void> {
    this.#screen.leave();
    const { terminal } = this.#context;
    try {
      terminal.out(`$ ${commandLine(run)}\n`);
      await runInForeground(this.#context, run, (child) => (this.#child = child));
    } finally {
      this.#child = undefined;
    }
    terminal.out('\nback to the view: any key ');
    await this.#anyKey();
    terminal.out('\n');
    this.#screen.enter();
    this.changed();
  }

  #anyKey(): Promise<void> {
    process.stdin.setRawMode(true);
    process.stdin.resume();
    return new Promise((resolve) => {
      this.#awaitsKey = () => {
        this.#awaitsKey = undefined;
        resolve();
      };
    });
  }

  /** As a program without a screen would stop: the shell is back, until fg. */
  #suspend(): void {
    if (!this.#screen.isOn) return;
    this.#screen.leave();
    const listeners = process.listeners('SIGTSTP');
    process.removeAllListeners('SIGTSTP');
    // The whole job, as the terminal does it. Where no shell controls jobs the system ignores it.
    process.kill(0, 'SIGTSTP');
    for (const listener of listeners) process.on('SIGTSTP', listener);
    this.#screen.enter();
    this.changed();
  }

  /** Whatever the terminal shows now, it may not be what was drawn. */
  #resume(): void {
    if (!this.#screen.isOn) return;
    if (this.#context.terminal.inIsTerminal) process.stdin.setRawMode(true);
    this.#screen.clear();
    this.#draw();
  }

  #say(text: string, milliseconds = MESSAGE): void {
    this.#message = { text, until: Date.now() + milliseconds };
    this.changed();
  }

  #drawIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(), milliseconds);
  }

  #draw(): void {
    const { env, now } = this.#context.surroundings;
    const { volumes } = this.#model;
    this.#model.forget(now());
    if (!volumes.some((volume) => keyOf(volume) === this.#selected))
      this.#selected = volumes[0] && keyOf(volumes[0]);
    const scene = {
      volumes,
      moves: this.#model.moves,
      recent: this.#model.recent,
      lost: this.#model.lost,
      selected: this.#selected,
      message: this.#message.until > Date.now() ? this.#message.text : '',
      showsHelp: this.#showsHelp,
      now: now(),
      userPath: (path: string) => this.#context.userPath(path),
    };
    const paint = env['NO_COLOR'] ? withoutColour : inColour;
    try {
      this.#screen.draw(screenLines(scene, this.#screen.size, paint));
    } catch {
      // The terminal has gone, and its signal may have been ignored.
      this.#end('SIGHUP');
    }
    this.#drawn = Date.now();
    this.#drawIn(SLOW);
  }
}
