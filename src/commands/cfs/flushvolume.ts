import { flushVolume } from '../../ipc/calls/flushVolume.ts';
import { flushing } from './flushing.ts';

export const flushvolume = flushing({
  usage: 'cfs flushvolume  <dir> [<dir> <dir> ...]',
  summary: 'drop all of a volume from the cache; the servers keep it',
  description: [
    'The volumes are those that the directories lie in. What is in use, or not on the servers yet, stays, and nothing is said of it.',
  ],
  examples: ['cfs flushvolume --yes .'],
  danger: 'important files may be lost, if disconnected',
  call: flushVolume,
  // The blanks belong to the classic label.
  label: '  VIOC_FLUSHVOLUME',
});
