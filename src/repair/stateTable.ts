/**
 * The states of a repair session, what leads from one to the other, and what may be typed in each (spec/repair.md,
 * 19.1). Nothing here knows a terminal or a venus.
 */
import type { RepairDocument } from '../ipc/repairs.ts';

/** A session under way, by what is in conflict. */
export const sessionStates = [
  'local directory',
  'local file',
  'server directory',
  'server file',
  'mixed directory',
  'mixed file',
] as const;
export type SessionState = (typeof sessionStates)[number];

export const repairStates = [
  /** No object is expanded. */
  'idle',
  /** Venus was asked to expand an object; it may be expanded already. */
  'opening',
  /** An object was found expanded: to be gone on with or collapsed. */
  'stale',
  ...sessionStates,
  /** Venus was asked to collapse the object. */
  'closing',
  'ended',
] as const;
export type RepairState = (typeof repairStates)[number];

export const repairEvents = [
  'begin',
  /** The object is not expanded. */
  'refused',
  'not answered',
  'found expanded',
  ...toEach('opened'),
  ...toEach('resumed'),
  /** Without a commit, for whatever reason. */
  'leave',
  /** Venus has sent the result and collapsed the object. */
  'committed',
  /** The object was found expanded and is left so. */
  'left expanded',
  'collapsed',
  'not collapsed',
  'quit',
] as const;
export type RepairEvent = (typeof repairEvents)[number];

function toEach<Word extends string>(word: Word): readonly `${Word} ${SessionState}`[] {
  return sessionStates.map((state): `${Word} ${SessionState}` => `${word} ${state}`);
}

/** What has to be done, or is known to have been done, on the way to the next state. */
export type Effect = 'expand' | 'collapse' | 'was collapsed' | 'tell how to collapse';

export interface Transition {
  readonly to: RepairState;
  readonly effect?: Effect;
}

const ofSession: Partial<Record<RepairEvent, Transition>> = {
  leave: { to: 'closing', effect: 'collapse' },
  committed: { to: 'idle', effect: 'was collapsed' },
};

function toEachSession(word: 'opened' | 'resumed'): Partial<Record<RepairEvent, Transition>> {
  return Object.fromEntries(sessionStates.map((state) => [`${word} ${state}`, { to: state }]));
}

export const transitions: Readonly<Record<RepairState, Readonly<Partial<Record<RepairEvent, Transition>>>>> =
  {
    idle: { begin: { to: 'opening', effect: 'expand' }, quit: { to: 'ended' } },
    opening: {
      ...toEachSession('opened'),
      'found expanded': { to: 'stale' },
      refused: { to: 'idle' },
      // Asked to expand, venus may have done it all the same.
      'not answered': { to: 'idle', effect: 'tell how to collapse' },
    },
    stale: {
      ...toEachSession('resumed'),
      leave: { to: 'closing', effect: 'collapse' },
      'left expanded': { to: 'idle', effect: 'tell how to collapse' },
    },
    'local directory': ofSession,
    'local file': ofSession,
    'server directory': ofSession,
    'server file': ofSession,
    'mixed directory': ofSession,
    'mixed file': ofSession,
    closing: {
      collapsed: { to: 'idle' },
      'not collapsed': { to: 'idle', effect: 'tell how to collapse' },
    },
    ended: {},
  };

/** @throws Error for an event that the state does not have: a mistake of the caller */
export function transition(from: RepairState, event: RepairEvent): Transition {
  const found = transitions[from][event];
  if (!found) throw new Error(`repair: no ${event} in the state ${from}`);
  return found;
}

export function isSession(state: RepairState): state is SessionState {
  return sessionStates.some((session) => session === state);
}

/** The state that belongs to what venus says of a session. */
export function sessionStateOf({ kind, type }: Pick<RepairDocument, 'kind' | 'type'>): SessionState {
  const place = { 'local/global': 'local', 'server/server': 'server', mixed: 'mixed' } as const;
  return `${place[kind]} ${type}`;
}

/** Everything that can be typed, by its full name, in the order of lists. */
export const commandNames = [
  'beginRepair',
  'checkLocal',
  'listLocal',
  'preserveLocal',
  'preserveAllLocal',
  'discardLocal',
  'discardAllLocal',
  'skip',
  'undo',
  'show',
  'compareDirs',
  'doRepair',
  'replaceInc',
  'removeInc',
  'clearInc',
  'ls',
  'cat',
  'diff',
  'resume',
  'abort',
  'endRepair',
  'quit',
  'help',
] as const;
export type CommandName = (typeof commandNames)[number];

/** Why a command makes no sense in a state, and what to do instead. */
export interface Refusal {
  readonly why: string;
  readonly next: string;
}

type Legality = 'yes' | Refusal;

const always: Partial<Record<CommandName, Legality>> = { ls: 'yes', cat: 'yes', diff: 'yes', help: 'yes' };

const ofLocal: readonly CommandName[] = [
  'checkLocal',
  'listLocal',
  'preserveLocal',
  'preserveAllLocal',
  'discardLocal',
  'discardAllLocal',
  'skip',
  'undo',
];
const ofServers: readonly CommandName[] = ['compareDirs', 'doRepair', 'replaceInc', 'removeInc', 'clearInc'];

const noSession: Refusal = {
  why: 'No repair session is under way.',
  next: 'Begin one: beginRepair OBJECT',
};
const sessionUnderWay: Refusal = {
  why: 'A repair session is under way already.',
  next: 'End it first: quit, or abort to leave everything as it was',
};
const notLocal: Refusal = {
  why: 'The servers differ among each other here; no local mutation is in conflict.',
  next: 'Compare what they have: compareDirs FIXFILE for a directory, show for a file',
};
const notServers: Refusal = {
  why: 'Local mutations are in conflict with the servers here; the servers agree among each other.',
  next: 'See the first mutation and what is in its way: checkLocal',
};
const serversFirst: Refusal = {
  why: 'The servers differ among each other, too, so that nobody can say what a local mutation would change.',
  next: 'Repair that first: compareDirs FIXFILE and doRepair, or replaceInc SERVER for a file. Then begin again',
};
const directoryOnly: Refusal = {
  why: 'The object in conflict is a file, which has no entries.',
  next: 'Take one version of it: replaceInc FILE',
};
const fileOnly: Refusal = {
  why: 'The object in conflict is a directory: its versions are merged, not replaced.',
  next: 'Write the differences to a file and apply it: compareDirs FIXFILE, then doRepair',
};
const undecided: Refusal = {
  why: 'The object was found expanded, with a session that nobody ended.',
  next: 'Go on with it: resume. Or leave everything as it was before it: abort',
};
const nothingToResume: Refusal = {
  why: 'No object was found expanded.',
  next: 'Begin a session: beginRepair OBJECT',
};
const busy: Refusal = { why: 'Venus has not answered yet.', next: 'Wait for it, or end it with ^C' };

function each(names: readonly CommandName[], legality: Legality): Partial<Record<CommandName, Legality>> {
  return Object.fromEntries(names.map((name) => [name, legality]));
}

const inSession: Partial<Record<CommandName, Legality>> = {
  ...always,
  beginRepair: sessionUnderWay,
  resume: { why: 'The session is under way.', next: 'Go on with it: help lists what can be done' },
  show: 'yes',
  abort: 'yes',
  endRepair: 'yes',
  quit: 'yes',
};
const local = { ...inSession, ...each(ofLocal, 'yes'), ...each(ofServers, notServers) };
const serverDirectory = {
  ...inSession,
  ...each(ofLocal, notLocal),
  ...each(ofServers, 'yes'),
  replaceInc: fileOnly,
};
const serverFile = {
  ...inSession,
  ...each(ofLocal, notLocal),
  ...each(ofServers, 'yes'),
  compareDirs: directoryOnly,
};

/** Names that stand in no state's row are refused for the state's own reason. */
const legalities: Readonly<
  Record<RepairState, { readonly row: Partial<Record<CommandName, Legality>>; readonly other: Refusal }>
> = {
  idle: {
    row: { ...always, beginRepair: 'yes', resume: nothingToResume, quit: 'yes' },
    other: noSession,
  },
  opening: { row: {}, other: busy },
  stale: {
    row: { ...always, resume: 'yes', abort: 'yes', quit: 'yes', beginRepair: undecided },
    other: undecided,
  },
  'local directory': { row: local, other: sessionUnderWay },
  'local file': { row: local, other: sessionUnderWay },
  'server directory': { row: serverDirectory, other: sessionUnderWay },
  'server file': { row: serverFile, other: sessionUnderWay },
  'mixed directory': { row: { ...serverDirectory, ...each(ofLocal, serversFirst) }, other: sessionUnderWay },
  'mixed file': { row: { ...serverFile, ...each(ofLocal, serversFirst) }, other: sessionUnderWay },
  closing: { row: {}, other: busy },
  ended: { row: {}, other: noSession },
};

/** Why a command may not be given in a state; undefined where it may. */
export function refusalOf(state: RepairState, command: CommandName): Refusal | undefined {
  const { row, other } = legalities[state];
  const legality = row[command];
  return legality === 'yes' ? undefined : (legality ?? other);
}

export function legalCommands(state: RepairState): readonly CommandName[] {
  return commandNames.filter((name) => refusalOf(state, name) === undefined);
}
