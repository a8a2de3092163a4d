import { ROOT, call } from '../../ipc/call.ts';
import { type RealmVolume, getMountPoint } from '../../ipc/calls/getMountPoint.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';
import { parseVolumeId } from '../volumeId.ts';

export const getmountpoint: Command = {
  usage: 'cfs getmountpoint <volid> [<volid> <volid> ...]',
  summary: 'show where a volume is mounted, as far as venus has seen it',
  examples: ['cfs gmt 7f000001@example.org'],
  words: { min: 1 },

  async run(context, words) {
    const venus = await context.pioctls();
    const shown: object[] = [];
    for (const word of words) {
      const volume = parseVolume(word);
      try {
        const path = context.userPath(await call(venus, getMountPoint, ROOT, volume));
        if (context.json) shown.push({ volume: word, path });
        else context.print(`${word}:  ${path}\n`);
        context.succeed();
      } catch (error) {
        await context.fail(error, 'Failed in GetMountPoint.');
        break;
      }
    }
    if (context.json) context.printJson({ volumes: shown, failures: context.failures });
  },
};

/** @throws UsageError */
function parseVolume(word: string): RealmVolume {
  const volume = parseVolumeId(word);
  if (volume) return volume;
  throw new UsageError(`${word} is not a volume id: it should look like 7f000001@example.org`);
}
