import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isRunning } from '../../../src/commands/coda/isRunning.ts';
import { NodeProcess } from '../../../src/venus/nodes/nodeProcess.ts';
import type { NodeSetup } from '../../../src/venus/nodes/nodeSetup.ts';
import { outcome, sleep, until } from '../support.ts';

const written = vi.hoisted(() => ({ log: '' }));
vi.mock('../../../src/venus/log.ts', () => ({
  logNote: (text: string) => {
    written.log += `${text}\n`;
  },
}));

/** Programs for processes that behave as nodes do, as far as the one that watches them can see. */
const READY = `process.once('message', () => process.send({ kind: 'ready' }));`;
const good = `${READY} process.once('disconnect', () => process.exit())`;
const deaf = `${READY} process.on('disconnect', () => {}); setInterval(() => {}, 1000)`;
const failing = `process.once('message', () => process.send({ kind: 'failed', code: 'in-use', message: 'taken' }))`;
const dying = `process.exit(3)`;
const strange = `process.once('message', () => process.send('hello'))`;

const started: ChildProcess[] = [];
const nodes: NodeProcess[] = [];

function nodeOf(program: string | (() => string), onReady = () => Promise.resolve()): NodeProcess {
  const start = () => {
    const code = typeof program === 'string' ? program : program();
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    started.push(child);
    return child;
  };
  const setup = (): NodeSetup => ({
    role: 'server',
    dataDirectory: '/',
    sockets: '/',
    uid: 0,
    cut: [],
    servers: [],
    name: 's1',
    clients: [],
  });
  const node = new NodeProcess({ name: 's1', start, setup, onReady });
  nodes.push(node);
  return node;
}

function kill(node: NodeProcess): void {
  started.find(({ pid }) => pid === node.pid)?.kill('SIGKILL');
}

beforeEach(() => {
  written.log = '';
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
  started.splice(0);
});

describe('the process of a node', () => {
  it('is started, says when it is ready, and ends when it is told', async () => {
    const node = nodeOf(good);
    await node.start();
    const pid = node.pid ?? 0;
    expect(isRunning(pid)).toBe(true);
    await node.stop();
    expect(isRunning(pid)).toBe(false);
    expect({ started: started.length, log: written.log }).toEqual({ started: 1, log: '' });
  });

  it.each([
    ['that cannot do its work', failing, { code: 'in-use', message: 's1: taken' }],
    ['that dies', dying, { code: 'start', message: 's1: ended while it started (status 3)' }],
    ['that says something else', strange, { code: 'start', message: 's1: started in an unknown way' }],
  ])('%s makes the start fail', async (_, program, expected) => {
    await expect(nodeOf(program).start()).rejects.toMatchObject(expected);
  });

  it('is started again at once when it is killed, and the log has a line', async () => {
    let told = 0;
    const node = nodeOf(good, () => {
      told += 1;
      return Promise.resolve();
    });
    await node.start();
    const { pid } = node;
    kill(node);
    await until(() => node.lives === 2);
    await node.ready();
    expect(node.pid).not.toBe(pid);
    expect(told).toBe(2);
    expect(written.log).toMatch(new RegExp(`^s1 \\(pid ${pid}\\) has ended: SIGKILL\n$`));
  });

  it('is started again after longer and longer pauses while it keeps dying, and recovers', async () => {
    let program = good;
    const node = nodeOf(() => program);
    await node.start();
    program = dying;
    kill(node);
    await until(() => node.lives >= 4);
    expect(await outcome(Promise.race([node.ready(), sleep(200)]))).toBe('done');
    await sleep(1000);
    // Pauses of 100, 200, 400 and 800 ms: without them there would be dozens.
    expect(node.lives).toBeLessThan(10);
    program = good;
    await node.ready();
    expect(isRunning(node.pid ?? 0)).toBe(true);
  }, 60_000);

  it('is not started again when it was killed on command, until it is started', async () => {
    const node = nodeOf(good);
    await node.start();
    const first = node.pid ?? 0;
    await node.kill();
    expect({ isRunning: isRunning(first), state: node.state, pid: node.pid }).toEqual({
      isRunning: false,
      state: 'stopped',
      pid: undefined,
    });
    await sleep(300);
    expect({ lives: node.lives, ended: await outcome(node.ready()) }).toEqual({
      lives: 1,
      ended: 'ETIMEDOUT',
    });
    await node.start();
    expect({ isRunning: isRunning(node.pid ?? 0), state: node.state }).toEqual({
      isRunning: true,
      state: 'up',
    });
    expect(node.pid).not.toBe(first);
    expect(written.log).toBe('');
  });

  it('is started again by itself after it was stopped and started', async () => {
    const node = nodeOf(good);
    await node.start();
    await node.stop();
    expect(node.state).toBe('stopped');
    await node.start();
    kill(node);
    await until(() => node.lives === 3 && node.state === 'up');
    expect(isRunning(node.pid ?? 0)).toBe(true);
  });

  it('is stopped on command while it keeps dying', async () => {
    let program = good;
    const node = nodeOf(() => program);
    await node.start();
    program = dying;
    kill(node);
    await until(() => node.lives >= 4);
    await node.stop();
    const { lives } = node;
    await sleep(500);
    expect({ lives: node.lives, state: node.state }).toEqual({ lives, state: 'stopped' });
  });

  it('is not started again when it is to end', async () => {
    const node = nodeOf(good);
    await node.start();
    kill(node);
    await node.stop();
    await sleep(300);
    expect(started.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)).toEqual(
      [],
    );
    expect(await outcome(node.ready())).toBe('ETIMEDOUT');
  });

  it('is killed when it does not end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const node = nodeOf(deaf);
      await node.start();
      const pid = node.pid ?? 0;
      const stopped = node.stop();
      await vi.advanceTimersByTimeAsync(10_000);
      await stopped;
      expect(isRunning(pid)).toBe(false);
      expect(written.log).toContain(`s1 (pid ${pid}) does not end, and is killed`);
    } finally {
      vi.useRealTimers();
    }
  });
});
