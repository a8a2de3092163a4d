import { type Socket, createConnection } from 'node:net';
import { VenusUnavailableError } from '../errors.ts';
import type { VenusEvent } from '../venusEvent.ts';
import { MarinerLines, parseMarinerLine } from './marinerLine.ts';

/** Milliseconds between two nudges. An idle venus writes what is ready only when something comes in, up to 5 s late. */
const NUDGE = 1000;
const SUBSCRIBE = 'set:fetch\nset:volstate\n';
/** Does nothing on a connection that has not subscribed. */
const SILENT_COMMAND = 'clear:fetch\n';

/**
 * What a mounted venus tells at its mariner socket, the states of all volumes first. It ends when venus does.
 * @param path of the socket
 * @throws VenusUnavailableError
 */
export async function* marinerEvents(path: string, now: () => number): AsyncGenerator<VenusEvent> {
  const socket = createConnection(path);
  const nudges = startNudges(path);
  try {
    socket.write(SUBSCRIBE);
    const lines = new MarinerLines();
    for await (const bytes of socket) {
      if (!(bytes instanceof Uint8Array)) continue;
      for (const line of lines.take(bytes)) yield { time: now(), line: line.text, ...parseMarinerLine(line) };
    }
  } catch (error) {
    throw unavailable(path, error);
  } finally {
    nudges.stop();
    socket.destroy();
  }
}

/** On a second connection, which needs no answer: if it fails, lines come later, and nothing else is lost. */
function startNudges(path: string): { readonly stop: () => void } {
  const socket: Socket = createConnection(path);
  socket.on('error', () => socket.destroy());
  socket.resume();
  const timer = setInterval(() => {
    if (socket.writable) socket.write(SILENT_COMMAND);
  }, NUDGE);
  return {
    stop: () => {
      clearInterval(timer);
      socket.destroy();
    },
  };
}

function unavailable(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const why =
    error.code === 'ENOENT'
      ? `There is no mariner socket ${path}.`
      : error.code === 'ECONNREFUSED'
        ? `Nobody listens at ${path}; the venus that made it is gone.`
        : `The connection to ${path} failed: ${error.message}`;
  const next = 'Start venus, or set marinersocket in venus.conf to where its socket is.';
  return new VenusUnavailableError(`${path}: no venus answers there`, { why, next }, { cause: error });
}
