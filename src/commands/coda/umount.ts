import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../../ipc/errors.ts';
import type { Command } from '../command.ts';

export const umount: Command = {
  usage: 'coda umount [--lazy] DIR',
  summary: 'take away what coda mount mounted',
  options: [
    { flags: '--lazy', summary: 'although something in it is in use: it ends when nobody uses it any more' },
  ],
  examples: ['coda umount ~/coda'],
  words: { min: 1, max: 1 },

  async run(context, [typed = ''], options) {
    const { unmount } = await import('../../fuse/mounting.ts');
    const { mountedCodas } = await import('../../fuse/mountTable.ts');
    const mounted = mountedCodas().map(({ directory }) => directory);
    const directory = [resolve(typed), realPath(typed)].find((path) => mounted.includes(path));
    if (directory === undefined) {
      throw new ConfigurationError(`${typed}: no Coda of coda mount is mounted there`, {
        ...(mounted.length > 0 ? { next: `Mounted are: ${mounted.join(', ')}.` } : {}),
      });
    }
    await unmount(directory, context.surroundings.uid, options.flag('lazy'));
    if (context.json) context.printJson({ directory, failures: [] });
    else context.print(`${directory} is unmounted\n`);
  },
};

/** A mount whose process has died has none. */
function realPath(typed: string): string {
  try {
    return realpathSync(typed);
  } catch {
    return typed;
  }
}
