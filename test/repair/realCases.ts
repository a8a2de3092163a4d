/** Objects in conflict at a real Coda, and what is to become of them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { contentsOf } from './memory/nodes.ts';
import { type Ending, RealLab } from './realSupport.ts';

export const MINE = 'x'.repeat(19603);
/** `figs` made and `paper.tex` stored here, while a co-author made `figs` and put a file in it. */
export function dialogue(): RealLab {
  const made = new RealLab();
  const { venus } = made;
  venus.common((root) => {
    venus.put(root, 'cscw', venus.node('directory'));
    venus.put(root, 'cscw/paper.tex', venus.node('file', 'old\n'));
  });
  venus.locally({ op: 'mkdir', path: 'cscw/figs' });
  venus.locally({ op: 'store', path: 'cscw/paper.tex', contents: MINE });
  venus.put(venus.server, 'cscw/figs', venus.node('directory'));
  venus.put(venus.server, 'cscw/figs/one.eps', venus.node('file', 'one'));
  venus.reintegrate();
  return made;
}

/** A file that both sides changed, one that both made, and files below a directory that both made. */
export function tangle(): RealLab {
  const made = new RealLab();
  const { venus } = made;
  venus.common((root) => {
    venus.put(root, 'cscw', venus.node('directory'));
    venus.put(root, 'cscw/paper.tex', venus.node('file', 'old\n'));
  });
  venus.locally({ op: 'create', path: 'cscw/new' });
  venus.locally({ op: 'store', path: 'cscw/new', contents: 'my new' });
  venus.locally({ op: 'mkdir', path: 'cscw/figs' });
  venus.locally({ op: 'create', path: 'cscw/figs/two.eps' });
  venus.locally({ op: 'store', path: 'cscw/figs/two.eps', contents: 'two' });
  venus.locally({ op: 'store', path: 'cscw/paper.tex', contents: 'my paper' });
  venus.locally({ op: 'symlink', path: 'cscw/link', target: 'paper.tex' });
  venus.put(venus.server, 'cscw/new', venus.node('file', 'their new'));
  venus.put(venus.server, 'cscw/figs', venus.node('directory'));
  venus.put(venus.server, 'cscw/figs/one.eps', venus.node('file', 'one'));
  venus.others('cscw/paper.tex', 'their paper');
  venus.reintegrate();
  return made;
}

export const results: Readonly<Record<string, Readonly<Record<Ending, Readonly<Record<string, string>>>>>> = {
  dialogue: {
    mine: { 'cscw/paper.tex': MINE, 'cscw/figs/one.eps': 'one' },
    server: { 'cscw/paper.tex': MINE, 'cscw/figs/one.eps': 'one' },
    none: { 'cscw/paper.tex': 'old\n', 'cscw/figs/one.eps': 'one' },
    both: { 'cscw/paper.tex': MINE, 'cscw/figs/one.eps': 'one' },
  },
  tangle: {
    mine: {
      'cscw/new': 'my new',
      'cscw/figs/one.eps': 'one',
      'cscw/figs/two.eps': 'two',
      'cscw/paper.tex': 'my paper',
      'cscw/link': '-> paper.tex',
    },
    server: {
      'cscw/new': 'their new',
      'cscw/figs/one.eps': 'one',
      'cscw/figs/two.eps': 'two',
      'cscw/paper.tex': 'their paper',
      'cscw/link': '-> paper.tex',
    },
    none: { 'cscw/new': 'their new', 'cscw/figs/one.eps': 'one', 'cscw/paper.tex': 'their paper' },
    both: {
      'cscw/new': 'their new',
      'cscw/new.laptop.DAY': 'my new',
      'cscw/figs/one.eps': 'one',
      'cscw/figs/two.eps': 'two',
      'cscw/paper.tex': 'their paper',
      'cscw/paper.laptop.DAY.tex': 'my paper',
      'cscw/link': '-> paper.tex',
    },
  },
};

export function serverOf({ venus }: RealLab): Record<string, string> {
  const all = Object.entries(contentsOf(venus.server)).filter(([, contents]) => contents !== 'directory');
  return Object.fromEntries(
    all.map(([path, contents]) => [path.replace(/\d{4}-\d\d-\d\d/, 'DAY'), contents]),
  );
}

/** Whatever is discarded although it was to be kept must have been saved. */
export function watchForLoss({ venus, state }: RealLab, ending: Ending): void {
  if (ending === 'none') return;
  const contents = new Map(venus.log.map(({ line, contents: text }) => [line, text]));
  venus.onDiscard = (line) => {
    const wanted = contents.get(line);
    if (line.op !== 'store' || wanted === undefined || !isKept(wanted, ending)) return;
    const [id = ''] = readdirSync(join(state, 'coda', 'repair'));
    const data = join(state, 'coda', 'repair', id, 'data');
    const saved = readdirSync(data).map((file) => readFileSync(join(data, file), 'latin1'));
    expect(saved).toContain(wanted);
  };
}

/** What the servers' version wins over is not kept. */
function isKept(contents: string, ending: Ending): boolean {
  return ending !== 'server' || !['my new', 'my paper'].includes(contents);
}
