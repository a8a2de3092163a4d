import type { Tool } from './command.ts';

export const ctokens: Tool = {
  name: 'ctokens',
  summary: 'show the tokens that venus holds',
  usageOn: 'stderr',
  commands: async () => (await import('./ctokens/ctokens.ts')).ctokens,
};
