import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dialogue, results, serverOf, tangle, watchForLoss } from './realCases.ts';
import { type Ending, Executioner, OBJECT, type RealLab, settle } from './realSupport.ts';

describe.each(['dialogue', 'tangle'] as const)('a commit of the %s that is killed', (name) => {
  const make = { dialogue, tangle }[name];

  async function clean(ending: Ending, isEager: boolean) {
    const undisturbed = make();
    undisturbed.venus.isEager = isEager;
    const executioner = new Executioner();
    await settle(await undisturbed.tool(executioner).begin(OBJECT), ending);
    const { venus, files } = undisturbed;
    undisturbed.end();
    return { steps: executioner.count, files, venus, server: serverOf(undisturbed) };
  }

  it.each([
    ['mine', false],
    ['server', false],
    ['both', false],
    ['mine', true],
    ['server', true],
    ['both', true],
    ['none', false],
    ['none', true],
  ] as const)(
    'before or after any step comes to the same end: keep %s, eager venus %s',
    async (ending, isEager) => {
      const expected = await clean(ending, isEager);
      expect(expected.server).toEqual(results[name]?.[ending]);
      for (let step = 1; step <= expected.steps; step++) {
        for (const when of ['before', 'after'] as const) {
          const broken = make();
          broken.venus.isEager = isEager;
          watchForLoss(broken, ending);
          const executioner = new Executioner();
          executioner.victim = { step, when };
          const killed = (async () => settle(await broken.tool(executioner).begin(OBJECT), ending))();
          const about = `${when} step ${step} of ${expected.steps}`;
          const end = await killed.then(
            () => 'an end',
            (error: unknown) => error,
          );
          expect(executioner.isDead, `${about}: ${String(end)}`).toBe(true);
          await goOn(broken, ending);
          expect(serverOf(broken), about).toEqual(expected.server);
          expect(broken.venus.isExpanded, about).toBe(false);
          expect(broken.venus.log, about).toEqual([]);
          expect([...broken.files.changes].sort(), about).toEqual([...expected.files.changes].sort());
          expect(broken.venus.discarded, about).toEqual(expected.venus.discarded);
          expect(readdirSync(join(broken.state, 'coda', 'repair'), { recursive: true }), about).toEqual([]);
          broken.end();
        }
      }
    },
    60_000,
  );
});

/** As a user would: the tool is started again, as long as there is something to settle. */
async function goOn(broken: RealLab, ending: Ending): Promise<void> {
  const isLeft =
    existsSync(join(broken.state, 'coda', 'repair')) &&
    readdirSync(join(broken.state, 'coda', 'repair')).length > 0;
  if (isLeft || broken.venus.isInConflict || broken.venus.isExpanded)
    await settle(await broken.tool().begin(OBJECT), ending);
}
