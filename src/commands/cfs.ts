import type { Tool } from './command.ts';

/** Access lists, volumes, mount points, servers: the table of what `cfs` does. */
export const cfs: Tool = {
  name: 'cfs',
  summary: 'access lists, volumes and mount points of the Coda file system',
  usageOn: 'stdout',
  unknownCommand: 'Bogus or missing opcode: type "cfs help" for list\n',
  commands: [
    { names: ['checkservers', 'cs'], load: async () => (await import('./cfs/checkservers.ts')).checkservers },
    { names: ['cpuname', '@cpu'], load: async () => (await import('./cfs/cpuname.ts')).cpuname },
    { names: ['sysname', '@sys'], load: async () => (await import('./cfs/sysname.ts')).sysname },
    { names: ['getfid', 'gf'], load: async () => (await import('./cfs/getfid.ts')).getfid },
    { names: ['getpfid'], load: async () => (await import('./cfs/getpfid.ts')).getpfid },
    { names: ['getpath', 'gp'], load: async () => (await import('./cfs/getpath.ts')).getpath },
    {
      names: ['getmountpoint', 'gmt'],
      load: async () => (await import('./cfs/getmountpoint.ts')).getmountpoint,
    },
    { names: ['help'], load: async () => (await import('./cfs/help.ts')).help },
    { names: ['listacl', 'la'], load: async () => (await import('./cfs/listacl.ts')).listacl },
    { names: ['listvol', 'lv'], load: async () => (await import('./cfs/listvol.ts')).listvol },
    { names: ['lsmount'], load: async () => (await import('./cfs/lsmount.ts')).lsmount },
    { names: ['mkmount', 'mkm'], load: async () => (await import('./cfs/mkmount.ts')).mkmount },
    { names: ['rmmount', 'rmm'], load: async () => (await import('./cfs/rmmount.ts')).rmmount },
    { names: ['setacl', 'sa'], load: async () => (await import('./cfs/setacl.ts')).setacl },
    { names: ['setquota', 'sq'], load: async () => (await import('./cfs/setquota.ts')).setquota },
    { names: ['whereis'], load: async () => (await import('./cfs/whereis.ts')).whereis },
  ],
};
