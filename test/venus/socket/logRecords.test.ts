import { type IncomingMessage, get } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { OPERATOR, ROOT, sleep } from '../support.ts';
import { useVenus } from './servedVenus.ts';

const COUNT = 5000;

async function* textsOf(response: IncomingMessage): AsyncGenerator<string> {
  for await (const bytes of response) if (bytes instanceof Uint8Array) yield Buffer.from(bytes).toString();
}

/** The next part; nothing at the end. */
async function next(parts: AsyncGenerator<string>): Promise<string> {
  const part: IteratorResult<string, unknown> = await parts.next();
  return part.done ? '' : part.value;
}

describe('the records of a long log', () => {
  const venus = useVenus();

  /** Fills the log at once; what its records are about is not there. */
  async function fill(): Promise<void> {
    const { client } = venus().realm;
    const { logs } = client.tree;
    const author = { uid: OPERATOR, identity: venus().realm.session().identity(), now: client.now() };
    const parent = { volume: ROOT, vnode: 1001, unique: 1001 };
    await client.settings.set(ROOT, { age: 3600, timeLimit: 15_000 });
    await client.tree.change(ROOT, author, false, (writer) => {
      for (let at = 0; at < COUNT; at++) {
        const name = `name-${at}-${'n'.repeat(150)}`;
        const fid = { volume: ROOT, vnode: 2000 + 2 * at, unique: 2000 + at };
        const mutation = { op: 'create', parent, name, fid, mode: 0o644 } as const;
        const facts = { time: client.now(), uid: OPERATOR, viceId: 1, path: name };
        logs.append(writer, ROOT, { storeId: { host: 1, unique: at + 1 }, ...facts, mutation });
      }
      return [];
    });
  }

  function answer(path: string): Promise<IncomingMessage> {
    const { socket } = venus();
    return new Promise((resolve, reject) => {
      get({ socketPath: socket, path, agent: false }, resolve).once('error', reject);
    });
  }

  it('come before the last is read, at the speed of the reader, while venus answers others', async () => {
    await fill();
    const { logs } = venus().realm.client.tree;
    const readPage = logs.page.bind(logs);
    let read = 0;
    vi.spyOn(logs, 'page').mockImplementation((...request) => {
      const page = readPage(...request);
      read += page.length;
      return page;
    });
    const response = await answer(`/v1/logs/records?volume=${ROOT}`);
    const parts = textsOf(response);
    let text = await next(parts);
    expect(text).toMatch(/^\{"sequence":1,/);
    await sleep(200);
    const before = read;
    expect(before).toBeLessThan(COUNT);
    expect(await venus().ask('GET', '/v1/logs')).toMatchObject({
      status: 200,
      json: { logs: [{ volume: ROOT, entries: COUNT }] },
    });
    expect(read).toBe(before);
    for (let part = await next(parts); part !== ''; part = await next(parts)) text += part;
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(COUNT + 1);
    expect(lines.at(-1)).toBe('{"end":true}');
    expect(read).toBe(COUNT);
  });
});
