import { describe, expect, it } from 'vitest';
import type { ServerAction, ServerState } from '../../../src/venus/net/nodeProtocol.ts';
import type { ServerSwitch } from '../../../src/venus/nodes/nodes.ts';
import { ServerControl } from '../../../src/venus/nodes/serverControl.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { outcome, sleep, until } from '../support.ts';

const path = useTemporaryDirectory();

/** Two servers that take a while for everything. */
function control() {
  const done: string[] = [];
  const switchOf = (name: string): ServerSwitch => {
    let state: ServerState = 'up';
    const become = async (action: ServerAction, next: ServerState) => {
      done.push(`${action} ${name}`);
      await sleep(10);
      state = next;
      done.push(`${name} is ${next}`);
    };
    return {
      pid: undefined,
      get state() {
        return state;
      },
      start: () => become('start', 'up'),
      stop: () => become('stop', 'stopped'),
      kill: () => become('kill', 'stopped'),
      reaches: () => Promise.resolve(name === 's1' ? ['s2'] : Promise.reject(new Error('gone'))),
    };
  };
  const switches = new Map(['s1', 's2'].map((name) => [name, switchOf(name)]));
  const servers = [...switches.keys()].map((name) => ({ name, address: `address of ${name}` }));
  const volumesOn = (server: string) => (server === 's1' ? ['/'] : []);
  const found = new ServerControl({ dataDirectory: path(), servers, switches, volumesOn });
  return { control: found, done };
}

describe('the servers of a venus', () => {
  it('are listed with what is known of them', async () => {
    expect(await control().control.list()).toEqual([
      { name: 's1', address: 'address of s1', state: 'up', pid: undefined, volumes: ['/'], reaches: ['s2'] },
      { name: 's2', address: 'address of s2', state: 'up', pid: undefined, volumes: [], reaches: [] },
    ]);
  });

  it('are changed one command after the other', async () => {
    const { control: servers, done } = control();
    const commands = (['kill', 'start', 'stop'] as const).map((action) => servers.change('s1', action));
    await Promise.all(commands);
    expect(done).toEqual(['kill s1', 's1 is stopped', 'start s1', 's1 is up', 'stop s1', 's1 is stopped']);
  });

  it('stay as they are where that is what is wanted', async () => {
    const { control: servers, done } = control();
    await servers.change('s1', 'start');
    expect(done).toEqual([]);
    await servers.change('s1', 'stop');
    await servers.change('s1', 'stop');
    await servers.change('s1', 'kill');
    expect(done).toEqual(['stop s1', 's1 is stopped']);
  });

  it('are emptied only while they are stopped', async () => {
    const { control: servers } = control();
    expect(await outcome(servers.change('s1', 'empty'))).toBe('server-up');
    await servers.change('s1', 'kill');
    expect(await outcome(servers.change('s1', 'empty'))).toBe('done');
  });

  it('are known by name, and not touched any more at the end', async () => {
    const { control: servers, done } = control();
    expect(await outcome(servers.change('s9', 'stop'))).toBe('unknown-name');
    const last = servers.change('s2', 'stop');
    const next = outcome(servers.change('s2', 'start'));
    await until(() => done.length === 1);
    await servers.close();
    expect(done).toEqual(['stop s2', 's2 is stopped']);
    await last;
    expect(await next).toBe('shutting-down');
    expect(await outcome(servers.change('s2', 'start'))).toBe('shutting-down');
  });
});
