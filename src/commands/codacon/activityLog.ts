import type { VenusEvent } from '../../ipc/venusEvent.ts';
import { printable } from '../../term/printable.ts';
import { formatClock, formatLogDate } from '../../term/time.ts';
import { activityText } from './activityText.ts';

/** Events as codacon's lines: a text and its time (spec/monitoring.md, 1), and a line for each new day. */
export class ActivityLog {
  #day: string;
  readonly #states = new Map<string, string>();

  /** @param now the day that needs no line of its own; milliseconds since 1970 */
  constructor(now: number) {
    this.#day = formatLogDate(now);
  }

  /** What is to be printed for an event, in whole lines; nothing for one that says too little. */
  textOf(event: VenusEvent): string {
    if (event.kind === 'volumeState' && !this.#isNews(event)) return '';
    const text = activityText(event);
    if (text === undefined) return '';
    return `${this.#dayLine(event.time)}${printable(text.trimEnd())} ( ${formatClock(event.time)} )\n`;
  }

  #dayLine(time: number): string {
    const day = formatLogDate(time);
    if (day === this.#day) return '';
    this.#day = day;
    return `\nDate: ${day}\n\n`;
  }

  /** Venus repeats the state at every change of a volume; that only its log has grown is no news. */
  #isNews({ volume, realm, state, flags }: Extract<VenusEvent, { kind: 'volumeState' }>): boolean {
    const name = `${volume}@${realm}`;
    const lasting = flags.filter((flag) => flag !== 'reint' && flag !== 'transition');
    const known = this.#states.get(name) ?? 'reachable';
    const present = [state, ...lasting].join(' ');
    if (state === 'deleted') this.#states.delete(name);
    else this.#states.set(name, present);
    return present !== known;
  }
}
