import { volumeListSchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const volumeList: Command = {
  usage: 'coda realm volume list',
  summary: 'list the volumes of the realm: number, quota, use, servers, where they are mounted',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda realm');
    const { volumes } = await http.json({ method: 'GET', route: '/realm/volumes' }, volumeListSchema);
    if (context.json) {
      context.printJson({
        volumes: volumes.map((volume) => ({ ...volume, id: hex8(volume.id) })),
        failures: [],
      });
      return;
    }
    for (const { id, name, maxQuota, blocksUsed, servers, mountedAt } of volumes) {
      const place = mountedAt === undefined ? '' : `  ${context.userPath(mountedAt)}`;
      context.print(
        `${hex8(id)}  ${name.padEnd(20)}  ${useOf(blocksUsed, maxQuota)}  ${servers.join(',')}${place}\n`,
      );
    }
  },
};

/** Where no server that has it can be reached, nobody knows. */
function useOf(blocksUsed: number | undefined, maxQuota: number | undefined): string {
  if (blocksUsed === undefined || maxQuota === undefined) return 'unknown';
  return `${blocksUsed} KiB of ${maxQuota === 0 ? 'unlimited' : `${maxQuota} KiB`}`;
}

function hex8(id: number): string {
  return id.toString(16).padStart(8, '0');
}
