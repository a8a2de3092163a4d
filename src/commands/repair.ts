import type { Tool } from './command.ts';

export const repair: Tool = {
  name: 'repair',
  summary: 'settle conflicts between this client and the servers',
  usageOn: 'stderr',
  commands: async () => (await import('./repair/repair.ts')).repair,
};
