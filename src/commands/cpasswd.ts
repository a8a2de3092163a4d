import type { Tool } from './command.ts';

export const cpasswd: Tool = {
  name: 'cpasswd',
  summary: 'change a password',
  usageOn: 'stderr',
  commands: async () => (await import('./cpasswd/cpasswd.ts')).cpasswd,
};
