import type { Tool } from './command.ts';

export const clog: Tool = {
  name: 'clog',
  summary: 'log in to a Coda realm',
  usageOn: 'stderr',
  commands: async () => (await import('./clog/clog.ts')).clog,
};
