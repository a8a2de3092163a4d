const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `9.0 GiB`, for a person; exact below 1 KiB. */
export function formatSize(bytes: number | bigint): string {
  let [size, unit] = [Number(bytes), 0];
  for (; size >= 1024 && unit < UNITS.length - 1; unit++) size /= 1024;
  return unit === 0 ? `${size} bytes` : `${size.toFixed(1)} ${UNITS[unit] ?? ''}`;
}
