import { defaultSocket } from '../../src/ipc/address.ts';
import { openVenus } from '../../src/ipc/openVenus.ts';
import { encodeText } from '../../src/ipc/text.ts';
import type { FileTree, Venus } from '../../src/ipc/venus.ts';
import { type Finished, type RunOptions, TestRealm, until } from './support.ts';

export const TOP = '/test.realm';
const TIME_LIMIT = 120_000;
const SERVER = 's1';

/** One client of a realm: its tools as processes, and its file tree for what a test does in bulk. */
export class Client {
  readonly name: string;
  readonly #realm: TestRealm;
  readonly #venus: Venus;
  readonly files: FileTree;

  static async open(realm: TestRealm, name: string): Promise<Client> {
    const uid = process.getuid?.() ?? 0;
    const path = defaultSocket({ env: { ...realm.env, CODA_CLIENT: name }, uid });
    const venus = await openVenus({ kind: 'socket', path }, { timeLimit: TIME_LIMIT, uid: undefined });
    return new Client(realm, name, venus, await venus.files());
  }

  private constructor(realm: TestRealm, name: string, venus: Venus, files: FileTree) {
    this.#realm = realm;
    this.name = name;
    this.#venus = venus;
    this.files = files;
  }

  get env(): Readonly<Record<string, string>> {
    return { CODA_CLIENT: this.name };
  }

  run(tool: string, words: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.#realm.run(tool, words, { ...options, env: { ...this.env, ...options.env } });
  }

  /** Runs a tool that has to succeed; resolves with its stdout. */
  ok(tool: string, words: readonly string[], options: RunOptions = {}): Promise<string> {
    return this.#realm.ok(tool, words, { ...options, env: { ...this.env, ...options.env } });
  }

  write(path: string, contents: string): Promise<void> {
    return this.files.write(`${TOP}/${path}`, once(contents), { mode: 0o644, exclusive: false });
  }

  async read(path: string): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const part of this.files.read(`${TOP}/${path}`)) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  mkdir(path: string): Promise<void> {
    return this.files.mkdir(`${TOP}/${path}`, 0o755);
  }

  remove(path: string): Promise<void> {
    return this.files.remove(`${TOP}/${path}`);
  }

  rename(from: string, to: string): Promise<void> {
    return this.files.rename(`${TOP}/${from}`, `${TOP}/${to}`);
  }

  /** All below a directory: contents of files, targets of links, `directory` for a directory. */
  async tree(below: string): Promise<Readonly<Record<string, string>>> {
    const tree: Record<string, string> = {};
    for await (const { name, type } of this.files.readdir(`${TOP}/${below}`)) {
      const path = `${below}/${name}`;
      if (type === 'directory') Object.assign(tree, { [path]: 'directory' }, await this.tree(path));
      else if (type === 'symlink') tree[path] = `-> ${await this.files.readlink(`${TOP}/${path}`)}`;
      else tree[path] = await this.read(path);
    }
    return tree;
  }

  /** No message passes between it and the server any more. */
  cut(): Promise<string> {
    return this.ok('coda', ['realm', 'link', 'cut', this.name, SERVER]);
  }

  heal(): Promise<string> {
    return this.ok('coda', ['realm', 'link', 'heal', this.name, SERVER]);
  }

  close(): Promise<void> {
    return this.#venus.close();
  }
}

/** A realm on which somebody works at two places. */
export class TwoClients {
  readonly realm: TestRealm;
  readonly laptop: Client;
  readonly desk: Client;

  /** Its user, an administrator, is logged in at both. */
  static async start(...options: readonly string[]): Promise<TwoClients> {
    const realm = await TestRealm.start('--clients', 'laptop,desk', ...options);
    const [laptop, desk] = [await Client.open(realm, 'laptop'), await Client.open(realm, 'desk')];
    const input = 'luqiluqi\n';
    await laptop.ok('coda', ['realm', 'user', 'add', 'luqi', '--administrator'], { input });
    for (const client of [laptop, desk]) await client.ok('clog', ['luqi@test.realm'], { input });
    return new TwoClients(realm, laptop, desk);
  }

  private constructor(realm: TestRealm, laptop: Client, desk: Client) {
    this.realm = realm;
    this.laptop = laptop;
    this.desk = desk;
  }

  /** What one does without the network, and the other meanwhile with it, ends as a conflict. */
  async conflict(
    mine: (laptop: Client) => Promise<unknown>,
    theirs: (desk: Client) => Promise<unknown>,
  ): Promise<void> {
    await this.laptop.cut();
    await mine(this.laptop);
    await theirs(this.desk);
    await this.laptop.heal();
    await until(
      async () => (await this.laptop.run('coda', ['conflicts', '--exit-code'])).status === 6,
      60_000,
    );
  }

  async end(): Promise<void> {
    await this.laptop.close();
    await this.desk.close();
    await this.realm.end();
  }
}

/** A name as the tools take it from a command line: bytes that are no UTF-8 cannot be passed by spawn(). */
export function isPassable(name: string): boolean {
  return Buffer.from(encodeText(name)).equals(Buffer.from(name));
}

async function* once(contents: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(contents);
}
