import { safeParse } from 'valibot';
import { BadGlobError, excluder } from '../../../hoard/exclude.ts';
import {
  type HoardEntry,
  type HoardedObject,
  type NewEntry,
  hoardRoutes as paths,
  newEntrySchema,
} from '../../../ipc/hoard.ts';
import { ALL_USERS } from '../../../ipc/hoardName.ts';
import { encodeJsonLine } from '../../../ipc/socket/routes.ts';
import { hoardState, pathOf } from '../../client/hoard/hoardState.ts';
import { cacheFacts } from '../../client/hoard/facts.ts';
import { explain } from '../../client/hoard/explain.ts';
import { HoardPlanning } from '../../client/hoard/plan.ts';
import { type Exchange, type Route, badRequest, write } from './exchange.ts';

/** Bytes of one line, and lines of a body. */
const [MAX_LINE, MAX_LINES] = [256 * 1024, 1_000_000];
/** Lines written at a time, and milliseconds between two that say how far something has come. */
const [LINES, PROGRESS] = [128, 250];
const NEWLINE = 10;

/** What is hoarded and what is in the cache: `/v1/hoard/…`. */
export const hoardRoutes: Readonly<Record<string, Route>> = {
  [`GET ${paths.entries}`]: async (exchange) => {
    const { client } = exchange.session;
    const lines = new JsonLines(exchange);
    for (const { volume, realm, name, priority, expansion, exclude, uid } of client.hoard.entries.list(
      owner(exchange),
    )) {
      const entry: HoardEntry = { volume, realm, name, priority, expansion, exclude, uid };
      await lines.add({ ...entry, path: pathOf(client, volume, name) });
    }
    await lines.end({ end: true });
  },

  [`POST ${paths.entries}`]: async (exchange) => {
    const entries = await newEntries(exchange);
    await exchange.session.client.hoard.entries.add(exchange.session.uid, entries);
    exchange.reply({ entries: entries.length });
  },

  [`GET ${paths.state}`]: async (exchange) => {
    const { client } = exchange.session;
    const onlyProblems = exchange.optionalName('problems') === 'true';
    const lines = new JsonLines(exchange);
    const objects = hoardState(client, owner(exchange));
    for (;;) {
      const next = await objects.next();
      if (next.done) {
        await lines.end({ end: true, summary: next.value });
        return;
      }
      if (!onlyProblems || isProblem(next.value)) await lines.add(next.value);
      if (exchange.response.destroyed) return;
    }
  },

  [`POST ${paths.plan}`]: async (exchange) => {
    const entries = await newEntries(exchange);
    const lines = new JsonLines(exchange);
    const planning = new HoardPlanning(exchange.session.client, {
      uid: exchange.session.uid,
      entries,
      replace: exchange.optionalName('replace') === 'true',
      onProgress: (looked) => lines.tell({ looked }),
      stop: goneSignal(exchange),
    });
    await lines.end({ plan: await planning.run() });
  },

  [`GET ${paths.explain}`]: async (exchange) => {
    exchange.replyWithNames(await explain(exchange.session.client, exchange.name('path')));
  },

  [`POST ${paths.walk}`]: async (exchange) => {
    const lines = new JsonLines(exchange);
    const walk = await exchange.session.client.hoard.walk({
      gone: goneSignal(exchange),
      onProgress: (progress) => lines.tell({ progress }),
    });
    await lines.end({ walk });
  },

  [`GET ${paths.facts}`]: async (exchange) => {
    exchange.reply(await cacheFacts(exchange.session.client));
  },
};

function isProblem({ state }: HoardedObject): boolean {
  return state !== 'present';
}

/** Whose entries are asked for. @throws VenusError EACCES */
function owner(exchange: Exchange): number {
  const { client, uid } = exchange.session;
  return client.hoard.entries.ownerToShow(uid, exchange.optionalNumber('uid') ?? ALL_USERS);
}

function goneSignal({ session }: Exchange): AbortSignal {
  return session.patience.gone ?? new AbortController().signal;
}

/** The entries of a body of JSON Lines. @throws RefusedError bad-request */
async function newEntries(exchange: Exchange): Promise<readonly NewEntry[]> {
  const entries: NewEntry[] = [];
  for await (const line of linesOf(exchange)) {
    if (line === '') continue;
    entries.push(parseEntry(line, entries.length + 1));
    if (entries.length > MAX_LINES) badRequest(`more than ${MAX_LINES} entries`);
  }
  return entries;
}

function parseEntry(line: string, number: number): NewEntry {
  const parsed = safeParse(newEntrySchema, parseJson(line, number));
  if (!parsed.success) return badRequest(`entry ${number}: ${parsed.issues[0].message}`);
  try {
    excluder(parsed.output.exclude);
  } catch (error) {
    if (error instanceof BadGlobError) badRequest(`entry ${number}: ${error.message}`);
    throw error;
  }
  return parsed.output;
}

function parseJson(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return badRequest(`entry ${number} is no JSON`);
  }
}

async function* linesOf(exchange: Exchange): AsyncGenerator<string> {
  let rest: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of exchange.body()) {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      rest.push(bytes.subarray(start, end));
      yield Buffer.concat(rest).toString('utf8');
      [rest, length, start] = [[], 0, end + 1];
    }
    rest.push(bytes.subarray(start));
    length += bytes.length - start;
    if (length > MAX_LINE) badRequest(`a line is longer than ${MAX_LINE} bytes`);
  }
  yield Buffer.concat(rest).toString('utf8');
}

/** The lines of an answer. The head goes out with the first of them, so that what fails before is answered as a failure. */
class JsonLines {
  readonly #exchange: Exchange;
  #waiting: string[] = [];
  #told = -Infinity;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  async add(line: object): Promise<void> {
    if (this.#waiting.push(encodeJsonLine(line)) >= LINES) await this.#flush();
  }

  /** Says how far something has come, unless that was said just before or the client is slow. */
  tell(line: object): void {
    if (performance.now() - this.#told < PROGRESS || this.#exchange.response.writableNeedDrain) return;
    this.#told = performance.now();
    this.#waiting.push(encodeJsonLine(line));
    void this.#flush();
  }

  async end(line: object): Promise<void> {
    this.#waiting.push(encodeJsonLine(line));
    await this.#flush();
    this.#exchange.response.end();
  }

  async #flush(): Promise<void> {
    const { response } = this.#exchange;
    const text = this.#waiting.join('');
    this.#waiting = [];
    if (!response.headersSent && !response.destroyed)
      response.writeHead(200, { 'content-type': 'application/jsonl' });
    await write(response, text);
  }
}
