import { describe, expect, it } from 'vitest';
import { noAnswer, useClients } from '../../../support/testClient.ts';
import { ROOT, useRealm } from '../../support.ts';

const TOP = '/test.realm';
const realm = useRealm();
const open = useClients(realm);
const names = ['a', 'b', 'c', 'd'];

/** A client with files in its log, and a count of the contents that it begins to send. */
async function writing() {
  const client = await open('one');
  await client.names(TOP);
  await client.writeDisconnect(1e6);
  for (const name of names) await client.write(`${TOP}/${name}`, `contents of ${name}`);
  const sent = { count: 0 };
  client.link.before = (name) => {
    if (name === 'openStore') sent.count += 1;
  };
  return { client, sent };
}

async function expectAll(): Promise<void> {
  const other = await open('two');
  for (const name of names) expect(await other.read(`${TOP}/${name}`)).toBe(`contents of ${name}`);
}

describe('contents that a server has', () => {
  it('are not sent again when its answer is lost', async () => {
    const { client, sent } = await writing();
    client.link.loseAnswers(2);
    for (let at = 0; at < 2; at++) await client.manager.reintegrator.force(ROOT);
    await client.drained();
    expect(sent.count).toBe(names.length);
    await expectAll();
  });

  it('are not sent again when those after them did not come', async () => {
    const { client, sent } = await writing();
    client.link.after = (name) => {
      if (name !== 'storeFragment' || sent.count !== 3) return;
      client.link.after = () => {};
      noAnswer();
    };
    await client.drained();
    expect(sent.count).toBe(names.length + 1);
    await expectAll();
  });

  it('are sent again when it does not remember them', async () => {
    const { client, sent } = await writing();
    const handles: number[] = [];
    const { openStore, abandonStore } = realm().server;
    Object.assign(realm().server, {
      openStore: async (request: Parameters<typeof openStore>[0]) => {
        const answer = await openStore(request);
        handles.push(answer.handle);
        return answer;
      },
    });
    client.link.before = async (name) => {
      if (name === 'openStore') sent.count += 1;
      if (name !== 'reintegrate') return;
      const [first] = handles.splice(0);
      if (first !== undefined && sent.count === names.length) await abandonStore({ handle: first });
    };
    await client.drained();
    expect(sent.count).toBe(2 * names.length);
    await expectAll();
  });
});
