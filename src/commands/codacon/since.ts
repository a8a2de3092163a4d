import { parseDuration } from '../../term/time.ts';

const DAY = 24 * 3600 * 1000;
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Reads the moment that `10m`, `2h` ago, `14:30` or `2026-11-21T14:30` is; local time where no zone is given.
 * A time of the day that has not come yet is yesterday's.
 * @param now milliseconds since 1970, as the result is
 * @returns undefined for anything else
 */
export function parseSince(text: string, now: number): number | undefined {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return Math.max(0, Math.round(now - seconds * 1000));
  const [, hours, minutes, rest = '0'] = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (hours !== undefined) return timeOfDay(Number(hours), Number(minutes), Number(rest), now);
  const [, day, clock = '00:00', zone = ''] = ISO.exec(text) ?? [];
  const time = day === undefined ? NaN : Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(time) ? undefined : time;
}

function timeOfDay(hours: number, minutes: number, seconds: number, now: number): number | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const today = new Date(now).setHours(hours, minutes, seconds, 0);
  if (today <= now) return today;
  return new Date(now - DAY).setHours(hours, minutes, seconds, 0);
}
