import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Keyboard } from '../../../src/commands/coda/watch/keys.ts';
import { inColour, withoutColour } from '../../../src/commands/coda/watch/paint.ts';
import { advance, begin } from '../../../src/commands/coda/watch/progress.ts';
import { type Scene, screenLines } from '../../../src/commands/coda/watch/screen.ts';
import type { Volume } from '../../../src/commands/coda/watch/volumes.ts';
import { columnsOf, cutEnd, cutStart, fill } from '../../../src/term/columns.ts';

const volume = (name: string, facts: Partial<Volume> = {}): Volume => ({
  name,
  realm: 'test.realm',
  mount: `/coda/test.realm/${name}`,
  connection: 'reachable',
  entries: 0,
  bytes: 0,
  conflict: false,
  unauth: false,
  ...facts,
});

const scene: Scene = {
  volumes: [volume('jan', { connection: 'unreachable', entries: 12, bytes: 3482 }), volume('kate')],
  moves: [
    {
      kind: 'fetch',
      what: '/coda/test.realm/jan/file',
      unit: 'bytes',
      progress: advance(begin(0, 0, 1024 * 1024), 2000, 512 * 1024),
      heard: 2000,
    },
  ],
  recent: [
    { time: 0, text: 'older' },
    { time: 1000, text: 'newer' },
  ],
  lost: undefined,
  selected: 'jan@test.realm',
  message: '',
  showsHelp: false,
  now: 2000,
  userPath: (path) => path,
};
const lines = (changed: Partial<Scene>, columns = 100, rows = 24) =>
  screenLines({ ...scene, ...changed }, { columns, rows }, withoutColour);
const text = (changed: Partial<Scene> = {}, columns?: number, rows?: number) =>
  lines(changed, columns, rows).join('\n');

describe('the screen', () => {
  it('shows volumes, what moves with its rate and its end, and what happened, the newest first', () => {
    const shown = text();
    expect(shown).toMatch(/2 volumes, 12 changes not on the servers/);
    expect(shown).toMatch(/^> disconnected +12 +3\.4 KiB {2}\/coda\/test\.realm\/jan$/m);
    expect(shown).toMatch(/^ {2}connected +0 +0 bytes {2}\/coda\/test\.realm\/kate$/m);
    expect(shown).toMatch(
      /^ {2}fetch +50% 512\.0 KiB of 1\.0 MiB +256\.0 KiB\/s +2 s left {2}\/coda\/test\.realm\/jan\/file$/m,
    );
    expect(shown).toMatch(/Recent\n.*newer\n.*older/);
    expect(shown).toMatch(/h help {2}q quit$/);
  });

  it('says what is not known', () => {
    const unknown: Volume = {
      name: 'jan',
      realm: 'test.realm',
      mount: '/coda/test.realm/jan',
      connection: 'unknown',
      conflict: false,
      unauth: false,
    };
    expect(text({ volumes: [unknown] })).toMatch(/^> unknown +\? +\? {2}\/coda\/test\.realm\/jan$/m);
    expect(text({ volumes: [] })).toContain('no volume is known yet');
  });

  it('says why a log stays here, where the state does not', () => {
    expect(text({ volumes: [volume('jan', { entries: 1, obstacle: 'quota' })] })).toMatch(
      /jan: the quota is used up$/m,
    );
  });

  it('says that venus does not answer', () => {
    expect(lines({ lost: 'it was stopped' })[0]).toContain('venus does not answer: it was stopped');
  });

  it('shows the selected volume among many', () => {
    const volumes = Array.from({ length: 300 }, (_, at) => volume(`v${at}`));
    const shown = text({ volumes, selected: 'v250@test.realm', moves: [] }, 80, 20);
    expect(shown).toMatch(/^> .*\/v250$/m);
    expect(shown.match(/\/v\d+$/gm)?.length).toBeGreaterThan(5);
  });

  it('leaves out on a narrow terminal what has no room, and keeps the ends of paths', () => {
    const narrow = text({}, 44);
    expect(narrow).not.toMatch(/KiB {2}/);
    expect(narrow).toMatch(/^> disconnected +12 {2}\u2026.*realm\/jan$/m);
    expect(text({}, 30)).toMatch(/^> disconnected {2}.*lm\/jan$/m);
  });

  it('fits on a terminal of any size, in the columns that it takes there', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string(),
      fc.constant('\u6f22\u5b57'.repeat(40)),
    );
    fc.assert(
      fc.property(
        fc.nat(150),
        fc.nat(60),
        fc.array(name, { maxLength: 12 }),
        fc.boolean(),
        (columns, rows, names, showsHelp) => {
          const volumes = names.map((each, at) => volume(`${each}${at}`));
          const recent = names.map((each, time) => ({ time, text: each.replace(/\p{Cc}/gu, '') }));
          const shown = lines({ volumes, recent, showsHelp, message: names[0] ?? '' }, columns, rows);
          expect(shown.length).toBeLessThanOrEqual(rows);
          for (const line of shown) {
            expect(columnsOf(line)).toBeLessThanOrEqual(columns);
            expect(line).not.toMatch(/\p{Cc}/u);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has colours that change nothing of the text', () => {
    const coloured = screenLines(scene, { columns: 100, rows: 24 }, inColour).join('\n');
    expect(coloured).toContain('\x1b[31mdisconnected');
    expect(coloured.replace(new RegExp('\x1b\\[[0-9;]*m', 'g'), '')).toBe(text());
  });
});

describe('keys', () => {
  const press = (...texts: readonly string[]) => {
    const keyboard = new Keyboard();
    return texts.flatMap((each) => keyboard.take(each));
  };

  it('are told from what a terminal sends', () => {
    expect(press('\x1b[A\x1bOBjk')).toEqual(['up', 'down', 'down', 'up']);
    expect(press('rcdpRh?q\x03\x1a')).toEqual([
      ...['send', 'checkpoint', 'doctor', 'repair', 'repair', 'help', 'help', 'quit', 'interrupt', 'suspend'],
    ]);
  });

  it('may come in pieces, and others are other keys', () => {
    expect(press('\x1b[', 'B')).toEqual(['down']);
    expect(press('\x1b[5~', 'x', '\u00e4', '\x1b')).toEqual(['other', 'other', 'other', 'other']);
  });
});

describe('columns', () => {
  it('count what text takes on a terminal', () => {
    expect(columnsOf('abc')).toBe(3);
    expect(columnsOf('\u6f22\u5b57')).toBe(4);
    expect(columnsOf('e\u0301')).toBe(1);
    expect(cutEnd('abcdef', 4)).toBe('abc\u2026');
    expect(cutStart('abcdef', 4)).toBe('\u2026def');
    expect(cutEnd('\u6f22\u5b57\u6f22', 4)).toBe('\u6f22\u2026');
    expect(fill('\u6f22\u5b57\u6f22', 4)).toBe('\u6f22\u2026 ');
  });
});
