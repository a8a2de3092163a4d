/** What `@cpu` and `@sys` stand for in paths and in `cfs cpuname` (spec/cfs.md, 2). */

/** Coda's name for the processor: `x86_64`, `i386`, … */
export function cpuName(): string {
  const names: Readonly<Record<string, string>> = { x64: 'x86_64', ia32: 'i386', arm64: 'aarch64' };
  return names[process.arch] ?? process.arch;
}

export function systemName(): string {
  return `${cpuName()}_linux`;
}
