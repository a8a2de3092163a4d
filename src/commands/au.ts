import type { Tool } from './command.ts';

export const au: Tool = {
  name: 'au',
  summary: 'users and passwords of an auth2 server, for administrators',
  usageOn: 'stdout',
  commands: async () => (await import('./au/au.ts')).au,
};
