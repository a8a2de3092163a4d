import type { Tool } from './command.ts';

/** Access lists, volumes, mount points, servers, modify logs: the table of what `cfs` does. */
export const cfs: Tool = {
  name: 'cfs',
  summary: 'access lists, volumes, mount points and modify logs of the Coda file system',
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
    { names: ['truncatelog', 'tl'], load: async () => (await import('./cfs/truncatelog.ts')).truncatelog },
    { names: ['waitforever', 'wf'], load: async () => (await import('./cfs/waitforever.ts')).waitforever },
    { names: ['whereis'], load: async () => (await import('./cfs/whereis.ts')).whereis },
    { names: ['disconnect'], load: async () => (await import('./cfs/disconnect.ts')).disconnect },
    { names: ['reconnect'], load: async () => (await import('./cfs/reconnect.ts')).reconnect },
    {
      names: ['writedisconnect', 'wd'],
      load: async () => (await import('./cfs/writedisconnect.ts')).writedisconnect,
    },
    {
      names: ['writereconnect', 'wr'],
      load: async () => (await import('./cfs/writereconnect.ts')).writereconnect,
    },
    { names: ['adaptive'], load: async () => (await import('./cfs/adaptive.ts')).adaptive },
    { names: ['strong'], load: async () => (await import('./cfs/strong.ts')).strong },
    { names: ['checkpointml', 'ck'], load: async () => (await import('./cfs/checkpointml.ts')).checkpointml },
    { names: ['purgeml'], load: async () => (await import('./cfs/purgeml.ts')).purgeml },
    {
      names: ['forcereintegrate', 'fr'],
      load: async () => (await import('./cfs/forcereintegrate.ts')).forcereintegrate,
    },
    { names: ['listlocal'], load: async () => (await import('./cfs/listlocal.ts')).listlocal },
    { names: ['zonelimit', 'zl'], load: async () => (await import('./cfs/zonelimit.ts')).zonelimit },
  ],
};
