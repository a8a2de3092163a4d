import type { Tool } from './command.ts';

/** What venus is to keep for times without servers: the table of what `hoard` does. */
export const hoard: Tool = {
  name: 'hoard',
  summary: 'what is kept here for times without servers',
  usageOn: 'stderr',
  commands: [
    { names: ['add', 'a'], load: async () => (await import('./hoard/add.ts')).add },
    { names: ['clear', 'c'], load: async () => (await import('./hoard/clear.ts')).clear },
    { names: ['delete', 'd'], load: async () => (await import('./hoard/delete.ts')).deleteEntry },
    { names: ['explain'], load: async () => (await import('./hoard/explain.ts')).explain },
    { names: ['list', 'l'], load: async () => (await import('./hoard/list.ts')).list },
    { names: ['modify'], load: async () => (await import('./hoard/modify.ts')).modify },
    { names: ['off'], load: async () => (await import('./hoard/switch.ts')).off },
    { names: ['on'], load: async () => (await import('./hoard/switch.ts')).on },
    { names: ['plan'], load: async () => (await import('./hoard/plan.ts')).plan },
    { names: ['verify', 'v'], load: async () => (await import('./hoard/verify.ts')).verify },
    { names: ['walk', 'w'], load: async () => (await import('./hoard/walk.ts')).walk },
  ],
  otherwise: async () => (await import('./hoard/commands.ts')).commands,
};
