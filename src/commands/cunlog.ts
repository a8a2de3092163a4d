import type { Tool } from './command.ts';

export const cunlog: Tool = {
  name: 'cunlog',
  summary: 'forget a token',
  usageOn: 'stderr',
  commands: async () => (await import('./cunlog/cunlog.ts')).cunlog,
};
