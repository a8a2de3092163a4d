import { describe, expect, it } from 'vitest';
import { commandTable, definitionOf } from '../../src/repair/commandTable.ts';
import {
  type Effect,
  type RepairEvent,
  type RepairState,
  type Transition,
  commandNames,
  isSession,
  legalCommands,
  repairEvents,
  repairStates,
  refusalOf,
  sessionStateOf,
  sessionStates,
  transition,
  transitions,
} from '../../src/repair/stateTable.ts';

interface Step extends Transition {
  readonly from: RepairState;
  readonly event: RepairEvent;
}

const MAX_STEPS = 9;

/** Every way through the table from its beginning, up to a number of steps. */
function* paths(state: RepairState = 'idle', walked: readonly Step[] = []): Generator<readonly Step[]> {
  yield walked;
  if (walked.length === MAX_STEPS) return;
  for (const event of repairEvents) {
    const next = transitions[state][event];
    if (next) yield* paths(next.to, [...walked, { ...next, from: state, event }]);
  }
}

const states = repairStates;
/** Where somebody is asked for a command. */
const entered: readonly RepairState[] = ['idle', 'stale', ...sessionStates];

describe('the state table', () => {
  it('leads from every state to the end', () => {
    for (const state of states) {
      const seen = new Set<RepairState>([state]);
      for (const each of seen) for (const { to } of Object.values(transitions[each])) seen.add(to);
      expect(seen, state).toContain('ended');
    }
  });

  it('collapses the object on every way out of a session', () => {
    let walked = 0;
    for (const path of paths()) {
      walked += 1;
      const last = path.at(-1);
      if (last === undefined || !isSession(last.from)) continue;
      const collapsing: readonly (Effect | undefined)[] = ['collapse', 'was collapsed'];
      expect(collapsing, `${last.from}, ${last.event}`).toContain(last.effect);
    }
    expect(walked).toBeGreaterThan(1000);
  });

  it('knows on every way whether the object is expanded, and says so where it stays so', () => {
    for (const path of paths()) {
      let expanded = false;
      for (const { event, effect, to } of path) {
        if (effect === 'expand') expanded = true;
        if (effect === 'was collapsed' || event === 'collapsed' || event === 'refused') expanded = false;
        if (effect === 'tell how to collapse') expanded = false;
        if (to === 'idle' || to === 'ended')
          expect(expanded, path.map((step) => step.event).join(', ')).toBe(false);
        if (isSession(to)) expect(expanded).toBe(true);
      }
    }
  });

  it('refuses an event that a state does not have', () => {
    expect(() => transition('idle', 'committed')).toThrow('no committed in the state idle');
  });

  it('has a session state for everything that venus may find', () => {
    expect(sessionStateOf({ kind: 'local/global', type: 'directory' })).toBe('local directory');
    expect(sessionStateOf({ kind: 'server/server', type: 'file' })).toBe('server file');
    expect(sessionStateOf({ kind: 'mixed', type: 'directory' })).toBe('mixed directory');
  });
});

describe('commands by state', () => {
  it('have a handler wherever they are legal', () => {
    for (const state of entered)
      for (const name of legalCommands(state))
        expect(definitionOf(name)?.name, `${state}: ${name}`).toBe(name);
  });

  it('are each legal somewhere', () => {
    for (const { name } of commandTable)
      expect(states.some((state) => refusalOf(state, name) === undefined)).toBe(true);
  });

  it('that are refused come with a reason and a next step', () => {
    for (const state of states)
      for (const name of commandNames) {
        const refusal = refusalOf(state, name);
        if (!refusal) continue;
        expect(refusal.why, `${state}: ${name}`).toMatch(/\.$/);
        expect(refusal.next, `${state}: ${name}`).toMatch(/\w/);
      }
  });

  it('for servers are legal only where servers differ', () => {
    const where = (name: 'compareDirs' | 'replaceInc' | 'removeInc'): readonly RepairState[] =>
      states.filter((state) => refusalOf(state, name) === undefined);
    expect(where('compareDirs')).toEqual(['server directory', 'mixed directory']);
    expect(where('replaceInc')).toEqual(['server file', 'mixed file']);
    expect(where('removeInc')).toEqual(['server directory', 'server file', 'mixed directory', 'mixed file']);
  });

  it('for local mutations are legal only where there are some', () => {
    const where = states.filter((state) => refusalOf(state, 'preserveLocal') === undefined);
    expect(where).toEqual(['local directory', 'local file']);
    expect(refusalOf('mixed directory', 'preserveLocal')?.why).toContain('servers differ');
  });

  it('can always be asked for help, and a session can always be left', () => {
    for (const state of states.filter((each) => isSession(each) || entered.includes(each))) {
      expect(legalCommands(state)).toContain('help');
      expect(legalCommands(state)).toContain('quit');
    }
  });
});
