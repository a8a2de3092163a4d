import type { VolumeWord } from './volumes.ts';

/** How text may stand out. */
export type Look = 'plain' | 'title' | 'faint' | 'selected' | 'good' | 'notice' | 'bad' | 'alarm';
export type Paint = (look: Look, text: string) => string;

const codes: Readonly<Record<Look, string>> = {
  plain: '',
  title: '1',
  faint: '2',
  selected: '7',
  good: '32',
  notice: '33',
  bad: '31',
  alarm: '1;31',
};

/** Colours as terminals have had them for ever. */
export const inColour: Paint = (look, text) =>
  look === 'plain' ? text : `\x1b[${codes[look]}m${text}\x1b[0m`;

/** For NO_COLOR: words and marks say it all. */
export const withoutColour: Paint = (_look, text) => text;

export const lookOfWord: Readonly<Record<VolumeWord, Look>> = {
  connected: 'good',
  'write-disconnected': 'notice',
  resolving: 'notice',
  disconnected: 'bad',
  conflict: 'alarm',
  'waiting for tokens': 'alarm',
  unknown: 'faint',
};
