import type { Command } from '../command.ts';

export const mount: Command = {
  usage: 'coda mount [--foreground] DIR',
  summary: 'mount the embedded venus as a file system',
  description: [
    'Everything in Coda is below DIR from then on, for every program: whole files are fetched when they are opened, and ' +
      'stored when they are closed, so that close and fsync tell of failures. What others change shows after a tenth of a second.',
    'A process of its own serves the mount; when it ends, venus loses nothing. The other tools find venus by the mount: ' +
      '--venus mount:DIR.',
  ],
  options: [{ flags: '--foreground', summary: 'stay in the foreground; ^C unmounts' }],
  examples: ['coda mount ~/coda', 'cfs --venus mount:$HOME/coda la ~/coda/example.org'],
  words: { min: 1, max: 1 },

  async run(context, [directory = ''], options) {
    const { mountInBackground, mountInForeground, socketOf } = await import('./mountProcess.ts');
    if (options.flag('foreground')) await mountInForeground(context, directory);
    else await mountInBackground(context, directory, socketOf(context));
  },
};
