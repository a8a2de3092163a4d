import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';
import { printCheckpoints } from './rescue/checkpoints.ts';
import { extractInto } from './rescue/extract.ts';
import { listMembers } from './rescue/members.ts';
import { replayInto } from './rescue/replay.ts';
import { verifyArchive } from './rescue/verify.ts';

export const rescue: Command = {
  usage:
    'coda rescue [--data DIR]\n' +
    '       coda rescue <archive> list [--keep-going]\n' +
    '       coda rescue <archive> verify [--log FILE]\n' +
    '       coda rescue <archive> extract [--force] [--keep-going] <directory>\n' +
    '       coda rescue <archive> replay [--yes] <path>',
  summary: 'get back the unsent work that a checkpoint holds',
  description: [
    'Venus writes checkpoints of its modify logs: an archive with the files, and a .cml file with the log as text. Alone, ' +
      'the command lists those it finds: of the embedded venus, in checkpointdir of venus.conf, and where real venus keeps them.',
    'list, verify and extract need no venus. verify carries the renames and removals of the log through, and looks for each ' +
      'name that must be in the archive, with its size. extract writes nothing outside the directory.',
    'replay puts the files back into Coda, below the path that takes the place of the volume. What is the same there is ' +
      'passed over, about what differs it asks; at the end all is compared by content. Both can be done again after an ' +
      'interruption: what is there already is passed over.',
  ],
  options: [
    { flags: '--data <dir>', summary: 'data directory of the embedded venus (default $XDG_DATA_HOME/coda)' },
    { flags: '--log <file>', summary: 'the .cml file (default the one beside the archive)' },
    { flags: '--force', summary: 'extract: replace files that are there and differ' },
    { flags: '--keep-going', summary: 'list, extract: go on behind what cannot be read' },
    { flags: '--yes', summary: 'replay: replace what differs in Coda without asking' },
  ],
  examples: [
    'coda rescue',
    'coda rescue ~/.local/share/coda/clients/venus/checkpoints/501/example.org_u.jan.tar verify',
    'coda rescue /usr/coda/spool/501/example.org_u.jan.cpio extract /tmp/rescued',
    'coda rescue example.org_u.jan.tar replay /coda/example.org/usr/jan',
  ],
  completes: ['local file', 'other', 'path'],
  words: { max: 3 },

  async run(context, words, options) {
    const [archive, verb, target] = words;
    if (archive === undefined) return printCheckpoints(context, options);
    const needsTarget = verb === 'extract' || verb === 'replay';
    if (needsTarget && target === undefined) throw new UsageError(`${verb}: where to?`);
    if (!needsTarget && target !== undefined) throw new UsageError('too many words');
    if (verb === 'list') return listMembers(context, archive, options);
    if (verb === 'verify') return verifyArchive(context, archive, options);
    if (verb === 'extract') return extractInto(context, archive, target ?? '', options);
    if (verb === 'replay') return replayInto(context, archive, target ?? '', options);
    throw new UsageError('what is to be done with the archive: list, verify, extract or replay?');
  },
};
