import type { HoardWalk } from '../../ipc/hoard.ts';
import type { VenusEvent } from '../../ipc/venusEvent.ts';

/** Bytes of a block. */
const BLOCK = 1024;
/** Classes of lines that the C codacon leaves out when they say that something is done. */
const DONE_IS_LEFT_OUT: ReadonlySet<string> = new Set(['fetch', 'store', 'mond']);

/** What codacon prints of an event, without the time; undefined for nothing. */
export function activityText(event: VenusEvent): string | undefined {
  return event.line === undefined ? ownText(event) : classicText(event.line);
}

/**
 * What the C codacon makes of a line of venus (spec/monitoring.md, 1): it drops the class before `::`, and lines that say
 * that a request is done.
 */
export function classicText(line: string): string | undefined {
  // The C codacon looks when the time, after a blank, stands behind the text.
  const text = `${line.trimEnd()} `;
  const at = text.indexOf('::');
  if (at < 0) return text;
  const rest = text.slice(at + 2);
  return DONE_IS_LEFT_OUT.has(text.slice(0, at)) && rest.includes(' done ') ? undefined : rest;
}

/** The embedded venus, in the words of the C venus where it has any. */
function ownText(event: VenusEvent): string | undefined {
  switch (event.kind) {
    case 'volumeState':
      return [`${event.volume}@${event.realm}`, event.state, event.entries, ...event.flags].join(' ');
    case 'reintegrationBegins':
      return `${event.volume}, ${event.batch ?? event.total}/${event.total}`;
    case 'reintegrationProgress':
      return `${event.volume}, ${event.total - event.done}/${event.total}`;
    case 'reintegrationEnds':
      return endOfReintegration(event);
    case 'storeProgress': {
      const { volume, path, sent, length } = event;
      return `SendReintFragment ${volume}, ${path} [${blocks(length)}] (${sent}/${length})`;
    }
    case 'fetchBegins':
      return `Fetch ${event.path} [${event.blocks ?? blocks(event.length ?? 0)}]`;
    case 'fetchProgress': {
      const { path, received, length } = event;
      const percent = length === 0 ? 100 : Math.floor((received * 100) / length);
      return `fetching (${path}) ${percent}% (${received}Bs/${length}Bs) [0 - ${length}]`;
    }
    case 'fetchEnds':
      return event.failure === undefined ? undefined : `Fetch ${event.path ?? ''} failed: ${event.failure}`;
    case 'server':
      return `${event.state} ${event.server}`;
    case 'bandwidth':
      return `bandwidth ${event.server} ${event.least} ${event.average} ${event.most}`;
    case 'conflict':
      return `CONFLICT (${event.between}): ${event.path} (${event.fid})`;
    case 'awaitsTokens':
      return `Reintegrate ${event.volume} pending tokens for uid = ${event.uid}`;
    case 'writerWaits':
      return `Writer of uid ${event.uid} waits for the log of uid ${event.owner}: ${event.volume}, ${event.entries}`;
    case 'checkpoint':
      return `Checkpoint ${event.volume}, ${event.entries}: ${event.path}`;
    case 'token':
      return `Token ${event.change}: uid ${event.uid}, @${event.realm}`;
    case 'opened':
    case 'stored':
      // Between a program and the cache: spy's subject, not codacon's.
      return undefined;
    case 'walkBegins':
      return `Hoard walk begins${event.isPeriodic === false ? ', asked for' : ''}`;
    case 'walkProgress':
      return walkProgressText(event);
    case 'walkEnds':
      return event.walk === undefined ? 'Hoard walk ends' : walkEndText(event.walk);
    case 'evicted':
      return event.isHoarded ? `Evicted ${event.path} [${blocks(event.length)}], hoarded` : undefined;
    case 'dropped':
      return `dropped ${event.messages} queued messages`;
    case 'venusEnds':
      return event.how === 'shutdown' ? 'shutdown in progress' : `pid ${event.pid ?? ''}`;
    case 'line':
      return event.text;
  }
}

function endOfReintegration(event: Extract<VenusEvent, { kind: 'reintegrationEnds' }>): string {
  const { volume, total, done = total, bytes, result = 'done' } = event;
  const left = `${volume}, ${total - done}/${total}`;
  return result === 'done'
    ? `${left}${bytes === undefined ? '' : `, ${bytes} bytes sent`}`
    : `${left}, stopped: ${result}`;
}

/** Of the phase in which contents come, in the words of the C venus. */
function walkProgressText(event: Extract<VenusEvent, { kind: 'walkProgress' }>): string | undefined {
  if (event.percent !== undefined) return `hoarding ${event.percent}%`;
  if (event.progress?.phase !== 'data') return undefined;
  const { left, done } = event.progress;
  const whole = left.bytes + done.bytes;
  return `hoarding ${whole === 0 ? 100 : Math.floor((done.bytes * 100) / whole)}%`;
}

function walkEndText({ result, fetched, unfetched }: HoardWalk): string {
  const missing = unfetched.objects === 0 ? '' : `, ${unfetched.objects} objects not fetched`;
  return `Hoard walk ends, ${result}: ${fetched.objects} objects, ${fetched.bytes} bytes fetched${missing}`;
}

function blocks(length: number): number {
  return Math.ceil(length / BLOCK);
}
