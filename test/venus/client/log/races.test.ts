import { describe, expect, it } from 'vitest';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { ROOT, useRealm } from '../../support.ts';

const realm = useRealm();
const open = useClients(realm);
const top = '/test.realm';

const pair = async (): Promise<readonly [TestClient, TestClient]> => [await open('one'), await open('two')];

describe('changes made while the log is being sent', () => {
  it('cancel nothing that is under way: the servers end as the client', async () => {
    const [one, two] = await pair();
    await one.writeDisconnect(0);
    const stream = async (name: string, pause: number) => {
      for (let at = 0; at < 60; at++) {
        const path = `${top}/${name}-${at}`;
        await one.files().mkdir(path, 0o755);
        for (let wait = 0; wait < (at * 7 + pause) % 5; wait++)
          await new Promise((resolve) => setImmediate(resolve));
        await one.files().remove(path);
      }
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(stream));
    await one.manager.reintegrator.force(ROOT);
    await one.drained();
    expect(await two.names(top)).toEqual([]);
  });

  it('to one name at once leave one of both, here and there', async () => {
    const [one, two] = await pair();
    await one.write(`${top}/a`, 'a');
    await one.write(`${top}/b`, 'b');
    await one.cut();
    await Promise.all(['a', 'b'].map((name) => one.files().rename(`${top}/${name}`, `${top}/t`)));
    await one.heal();
    await one.drained();
    expect(await two.names(top)).toEqual(['t']);
    expect(await one.names(top)).toEqual(['t']);
  });
});

describe('a name put into a directory that is found to be old in the same moment', () => {
  it('does not hide those that were there', async () => {
    const [one, two] = await pair();
    await two.files().mkdir(`${top}/d`, 0o755);
    await two.write(`${top}/d/a`, 'a');
    await one.names(`${top}/d`);
    await one.writeDisconnect();
    await one.files().setattr(`${top}/d`, { mode: 0o700 });
    one.link.loseAnswers();
    await one.manager.reintegrator.force(ROOT);
    // The fids for what is made are asked for when the directory has been looked at already.
    one.link.before = async (name) => {
      if (name === 'reserveFids') await one.drained();
    };
    await one.files().mkdir(`${top}/d/new`, 0o755);
    expect(await one.names(`${top}/d`)).toEqual(['a', 'new']);
    await one.drained();
    expect(await two.names(`${top}/d`)).toEqual(['a', 'new']);
  });
});

describe('a name that another client adds to a directory', () => {
  it.each(['renamed', 'chmodded'])('that is being %s here is seen when the log has gone', async (how) => {
    const [one, two] = await pair();
    await one.files().mkdir(`${top}/d`, 0o755);
    await one.write(`${top}/d/a`, 'a');
    await one.writeDisconnect();
    if (how === 'renamed') await one.files().rename(`${top}/d`, `${top}/e`);
    else await one.files().setattr(`${top}/d`, { mode: 0o700 });
    await two.write(`${top}/d/x`, 'x');
    await one.drained();
    for (const client of [one, two])
      expect(await client.names(`${top}/${how === 'renamed' ? 'e' : 'd'}`)).toEqual(['a', 'x']);
  });
});

describe('what was changed before it was listed or read', () => {
  it('can be listed and read while its log waits', async () => {
    const [one, two] = await pair();
    await two.files().mkdir(`${top}/d`, 0o755);
    await two.write(`${top}/d/a`, 'contents');
    await one.writeDisconnect();
    await one.files().setattr(`${top}/d`, { mode: 0o700 });
    expect(await one.names(`${top}/d`)).toEqual(['a']);
    await one.files().rename(`${top}/d/a`, `${top}/d/b`);
    expect(await one.read(`${top}/d/b`)).toBe('contents');
  });
});
