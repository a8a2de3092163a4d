import type { Tool } from './command.ts';

/** What the classic tools never could do: a venus of one's own, its realm, and its files while it is not mounted. */
export const coda: Tool = {
  name: 'coda',
  summary: 'a Coda of your own: its venus, its realm and its files',
  usageOn: 'stderr',
  commands: [
    { names: ['up'], load: async () => (await import('./coda/up.ts')).up },
    { names: ['down'], load: async () => (await import('./coda/down.ts')).down },
    { names: ['mount'], load: async () => (await import('./coda/mount.ts')).mount },
    { names: ['umount'], load: async () => (await import('./coda/umount.ts')).umount },
    { names: ['status'], load: async () => (await import('./coda/status.ts')).status },
    { names: ['ls'], load: async () => (await import('./coda/ls.ts')).ls },
    { names: ['cat'], load: async () => (await import('./coda/cat.ts')).cat },
    { names: ['put'], load: async () => (await import('./coda/put.ts')).put },
    { names: ['mkdir'], load: async () => (await import('./coda/mkdir.ts')).mkdir },
    { names: ['rm'], load: async () => (await import('./coda/rm.ts')).rm },
    { names: ['mv'], load: async () => (await import('./coda/mv.ts')).mv },
    { names: ['ln'], load: async () => (await import('./coda/ln.ts')).ln },
    { names: ['doctor'], load: async () => (await import('./coda/doctor.ts')).doctor },
    { names: ['conflicts'], load: async () => (await import('./coda/conflicts.ts')).conflicts },
    { names: ['resolve'], load: async () => (await import('./coda/resolve.ts')).resolve },
    { names: ['offline'], load: async () => (await import('./coda/offline.ts')).offline },
    { names: ['pending'], load: async () => (await import('./coda/pending.ts')).pending },
    { names: ['verify'], load: async () => (await import('./coda/verify.ts')).verify },
    { names: ['rescue'], load: async () => (await import('./coda/rescue.ts')).rescue },
    { names: ['watch'], load: async () => (await import('./coda/watch.ts')).watch },
    { names: ['completion'], load: async () => (await import('./coda/completion.ts')).completion },
    { names: ['complete'], load: async () => (await import('./coda/complete.ts')).complete, isListed: false },
    { names: ['stat'], load: async () => (await import('./coda/stat.ts')).stat },
    { names: ['realm user add'], load: async () => (await import('./coda/realm/userAdd.ts')).userAdd },
    { names: ['realm user list'], load: async () => (await import('./coda/realm/userList.ts')).userList },
    {
      names: ['realm user password'],
      load: async () => (await import('./coda/realm/userPassword.ts')).userPassword,
    },
    {
      names: ['realm user remove'],
      load: async () => (await import('./coda/realm/userRemove.ts')).userRemove,
    },
    { names: ['realm group add'], load: async () => (await import('./coda/realm/groupAdd.ts')).groupAdd },
    { names: ['realm group list'], load: async () => (await import('./coda/realm/groupList.ts')).groupList },
    {
      names: ['realm group remove'],
      load: async () => (await import('./coda/realm/groupRemove.ts')).groupRemove,
    },
    { names: ['realm link cut'], load: async () => (await import('./coda/realm/linkSet.ts')).linkCut },
    { names: ['realm link heal'], load: async () => (await import('./coda/realm/linkSet.ts')).linkHeal },
    { names: ['realm link list'], load: async () => (await import('./coda/realm/linkList.ts')).linkList },
    {
      names: ['realm server list'],
      load: async () => (await import('./coda/realm/serverList.ts')).serverList,
    },
    {
      names: ['realm server start'],
      load: async () => (await import('./coda/realm/serverChange.ts')).serverStart,
    },
    {
      names: ['realm server stop'],
      load: async () => (await import('./coda/realm/serverChange.ts')).serverStop,
    },
    {
      names: ['realm server kill'],
      load: async () => (await import('./coda/realm/serverChange.ts')).serverKill,
    },
    {
      names: ['realm server empty'],
      load: async () => (await import('./coda/realm/serverEmpty.ts')).serverEmpty,
    },
    {
      names: ['realm volume create'],
      load: async () => (await import('./coda/realm/volumeCreate.ts')).volumeCreate,
    },
    {
      names: ['realm volume list'],
      load: async () => (await import('./coda/realm/volumeList.ts')).volumeList,
    },
    {
      names: ['realm volume dump'],
      load: async () => (await import('./coda/realm/volumeDump.ts')).volumeDump,
    },
    {
      names: ['realm volume restore'],
      load: async () => (await import('./coda/realm/volumeRestore.ts')).volumeRestore,
    },
    { names: ['realm dump list'], load: async () => (await import('./coda/realm/dumpList.ts')).dumpList },
    {
      names: ['realm dump verify'],
      load: async () => (await import('./coda/realm/dumpVerify.ts')).dumpVerify,
    },
  ],
};
