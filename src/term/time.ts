/** `Sat Nov 21 21:34:14 2026`, local time, as C's ctime without its newline. @param time seconds since 1970 */
export function formatCtime(time: number): string {
  const date = new Date(time * 1000);
  const day = String(date.getDate()).padStart(2);
  return `${dayName(date)} ${monthName(date)} ${day} ${formatClock(time * 1000)} ${date.getFullYear()}`;
}

/** `21:34:14`, local time. @param milliseconds since 1970 */
export function formatClock(milliseconds: number): string {
  const date = new Date(milliseconds);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** `Sat 11/21/2026`, local time, as venus's logs write days. @param milliseconds since 1970 */
export function formatLogDate(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${dayName(date)} ${twoDigits(date.getMonth() + 1)}/${twoDigits(date.getDate())}/${date.getFullYear()}`;
}

/** As ls -l: `Nov 20 21:59`, or with the year instead of the clock where it is more than half a year away. */
export function formatListTime(milliseconds: number, now: number): string {
  const date = new Date(milliseconds);
  const halfYear = 182 * 24 * 3600 * 1000;
  const near = Math.abs(now - milliseconds) < halfYear;
  const last = near
    ? `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`
    : ` ${date.getFullYear()}`;
  return `${monthName(date)} ${String(date.getDate()).padStart(2)} ${last}`;
}

function dayName(date: Date): string {
  return ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getDay()] ?? '';
}

function monthName(date: Date): string {
  return (
    ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][date.getMonth()] ??
    ''
  );
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

const units = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800 } as const;

/**
 * Reads `90`, `90s`, `1h30m`, `0.5h`, `2d`: seconds where no unit stands.
 * @returns seconds, or undefined for anything else
 */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    const factor = Object.entries(units).find(([name]) => name === unit)?.[1] ?? 0;
    seconds += Number(number) * factor;
  }
  return seconds;
}

/** `2 h 5 min`, `48 s`: for a person. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${whole % 60} s`;
  return `${whole} s`;
}
