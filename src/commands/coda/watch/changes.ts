/** What has changed between two looks, for who reads lines instead of a screen. */
import { printable } from '../../../term/printable.ts';
import { formatSize } from '../../../term/size.ts';
import { formatClock } from '../../../term/time.ts';
import type { Move } from './moves.ts';
import { percentOf, rateOf, secondsLeft } from './progress.ts';
import { type Volume, keyOf, noteOf, wordOf } from './volumes.ts';
import { placeOf } from './watchModel.ts';

/** Tells what is new of volumes since it was asked last. */
export class VolumeChanges {
  readonly #told = new Map<string, { readonly word: string; readonly text: string }>();

  /**
   * Volumes that have changed since they were told of.
   * @param onlyStates those whose state is another: that a log has grown can wait for more of it
   */
  of(volumes: readonly Volume[], onlyStates: boolean): readonly Volume[] {
    const changed = volumes.filter((volume) => {
      const told = this.#told.get(keyOf(volume));
      const [word, text] = [wordOf(volume), describeVolume(volume)];
      return onlyStates ? told?.word !== word : told?.text !== text;
    });
    for (const volume of changed)
      this.#told.set(keyOf(volume), { word: wordOf(volume), text: describeVolume(volume) });
    this.#forgetAllBut(volumes);
    return changed;
  }

  #forgetAllBut(volumes: readonly Volume[]): void {
    const present = new Set(volumes.map(keyOf));
    for (const key of this.#told.keys()) if (!present.has(key)) this.#told.delete(key);
  }
}

/** `connected, 3 changes pending (120 bytes)`. */
export function describeVolume(volume: Volume): string {
  const { entries, bytes } = volume;
  const note = noteOf(volume);
  const size = bytes === undefined ? '' : ` (${formatSize(bytes)})`;
  const pending =
    entries === undefined
      ? 'pending unknown'
      : entries === 0
        ? 'nothing pending'
        : `${entries === 1 ? '1 change' : `${entries} changes`} pending${size}`;
  return [wordOf(volume), pending, ...(note === '' ? [] : [note])].join(', ');
}

export function volumeText(volume: Volume, now: number, userPath: (path: string) => string): string {
  return `${formatClock(now)}  ${printable(userPath(placeOf(volume)))}: ${describeVolume(volume)}\n`;
}

export function volumeJson(volume: Volume, now: number, userPath: (path: string) => string): object {
  const { name, realm, mount, entries, bytes, age } = volume;
  const note = noteOf(volume);
  return {
    time: new Date(now).toISOString(),
    kind: 'volume',
    volume: name,
    realm,
    ...(mount === undefined ? {} : { path: userPath(mount) }),
    state: wordOf(volume),
    // What is not known is said to be so, and not left out.
    pendingEntries: entries ?? null,
    pendingBytes: bytes ?? null,
    ageSeconds: age ?? null,
    ...(note === '' ? {} : { note }),
  };
}

export function movesJson(moves: readonly Move[], now: number): object {
  return {
    time: new Date(now).toISOString(),
    kind: 'moves',
    moves: moves.map(({ kind, what, unit, progress }) => ({
      kind,
      what,
      unit,
      done: progress.done,
      total: progress.total ?? null,
      percent: percentOf(progress) ?? null,
      perSecond: rounded(rateOf(progress, now)),
      secondsLeft: rounded(secondsLeft(progress, now)),
    })),
  };
}

function rounded(number: number | undefined): number | null {
  return number === undefined ? null : Math.round(number * 10) / 10;
}
