/** `1 entry`, `3 entries`. @param many the word for any other number than one */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count} ${Number(count) === 1 ? one : many}`;
}
