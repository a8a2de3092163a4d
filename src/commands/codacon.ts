import type { Tool } from './command.ts';

export const codacon: Tool = {
  name: 'codacon',
  summary: 'watch what venus does',
  usageOn: 'stderr',
  commands: async () => (await import('./codacon/codacon.ts')).codacon,
};
