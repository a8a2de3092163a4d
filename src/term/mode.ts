/** `rwxr-xr-x`. */
export function formatMode(mode: number): string {
  return Array.from({ length: 9 }, (_, at) => ((mode >> (8 - at)) & 1 ? 'rwx'[at % 3] : '-')).join('');
}
