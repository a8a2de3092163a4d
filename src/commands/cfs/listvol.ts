import { call } from '../../ipc/call.ts';
import { ConnectionState, type VolumeReport, getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { VolumeType } from '../../ipc/volumeStatus.ts';
import type { Command } from '../command.ts';
import { REQUESTS } from '../eachPath.ts';
import { ExitStatus } from '../exitStatus.ts';
import { inFlight } from '../inFlight.ts';

/** Stands where -local stood: it counts for the directories that follow. No path has a NUL. */
const LOCAL_MARK = '\0local';

export const listvol: Command = {
  usage: 'cfs listvol [-local] <dir> [<dir> <dir> ...]',
  summary: 'show the volumes that directories lie in: state, quota, unsent changes',
  options: [
    { flags: '--local', summary: 'do not ask the servers, for the directories that follow' },
    {
      flags: '--exit-code',
      summary:
        'exit with 6 if there is a conflict, 5 if the servers cannot be reached, 1 if changes are unsent',
    },
  ],
  examples: ['cfs lv .', 'cfs lv -local /coda/example.org'],
  words: { min: 1 },
  classicFailure: 0,
  prepare: (words) => words.map((word) => (word === '-local' || word === '--local' ? LOCAL_MARK : word)),

  async run(context, words, options) {
    const venus = await context.pioctls();
    const firstLocal = words.indexOf(LOCAL_MARK);
    const queries = words
      .map((typed, index) => ({ typed, local: firstLocal >= 0 && index > firstLocal }))
      .filter(({ typed }) => typed !== LOCAL_MARK);
    const shown: object[] = [];
    const outcomes = inFlight(queries, REQUESTS, async ({ typed, local }) =>
      call(venus, getVolumeStatus, (await context.target(typed)).path, local),
    );
    for await (const outcome of outcomes) {
      const { typed, local } = outcome.item;
      if (!outcome.ok) {
        await context.fail(outcome.error, typed, typed);
        continue;
      }
      context.count(options.flag('exit-code') ? finding(outcome.result) : ExitStatus.Done, 0);
      if (context.json) shown.push({ path: typed, ...toJson(outcome.result, local) });
      else context.print((words.length > 1 ? `  ${typed}:\n` : '') + formatReport(outcome.result, local));
      if (outcome.result.logEntries !== 0)
        context.note(`what the entries of the log wait for: coda doctor ${typed}`);
    }
    if (context.json) context.printJson({ volumes: shown, failures: context.failures });
  },
};

/** What is worst about a volume, for --exit-code. */
function finding({ conflict, connection, logEntries }: VolumeReport): ExitStatus {
  if (conflict) return ExitStatus.Conflict;
  if (connection === ConnectionState.Unreachable) return ExitStatus.Unreachable;
  return logEntries === 0 ? ExitStatus.Done : ExitStatus.Failed;
}

/** spec/cfs.md, 8.3. */
function formatReport(report: VolumeReport, local: boolean): string {
  const { status, connection } = report;
  const lines = [`Status of volume ${hex8(status.volume)} (${status.volume}) named "${report.name}"`];
  if (report.offlineMessage !== '') lines.push(`Offline message is "${report.offlineMessage}"`);
  if (report.messageOfTheDay !== '') lines.push(`Message of the day is "${report.messageOfTheDay}"`);
  lines.push(`Volume type is ${nameOf(VolumeType, status.type)}`);
  lines.push(`Connection State is ${nameOf(ConnectionState, connection)}`);
  const time = (report.reintegrationTime / 1000).toFixed(3);
  lines.push(`Reintegration age: ${report.reintegrationAge} sec, time ${time} sec`);
  if (connection !== ConnectionState.Unreachable && !local) lines.push(...quotaLines(report));
  if (report.conflict) lines.push('*** There are pending conflicts in this volume ***');
  if (report.logEntries !== 0) {
    lines.push(
      `There are ${report.logEntries} CML entries pending for reintegration (${report.logBytes} bytes)`,
    );
  }
  return `${lines.map((line) => `  ${line}\n`).join('')}\n`;
}

function quotaLines({ status }: VolumeReport): readonly string[] {
  const maximum = status.maxQuota > 0 ? String(status.maxQuota) : 'unlimited';
  const { partitionBlocksAvailable, partitionBlocks } = status;
  return [
    `Minimum quota is ${unsigned(status.minQuota)}, maximum quota is ${maximum}`,
    `Current blocks used are ${unsigned(status.blocksUsed)}`,
    `The partition has ${unsigned(partitionBlocksAvailable)} blocks available out of ${unsigned(partitionBlocks)}`,
  ];
}

function toJson(report: VolumeReport, local: boolean): object {
  const { status } = report;
  const { minQuota, maxQuota, blocksUsed, partitionBlocks, partitionBlocksAvailable } = status;
  const fromServer = { minQuota, maxQuota, blocksUsed, partitionBlocks, partitionBlocksAvailable };
  return {
    id: hex8(status.volume),
    name: report.name,
    type: nameOf(VolumeType, status.type),
    connection: nameOf(ConnectionState, report.connection),
    offlineMessage: report.offlineMessage,
    messageOfTheDay: report.messageOfTheDay,
    reintegrationAgeSeconds: report.reintegrationAge,
    reintegrationTimeMilliseconds: report.reintegrationTime,
    ...(report.connection === ConnectionState.Unreachable || local ? {} : fromServer),
    conflict: report.conflict,
    logEntries: report.logEntries,
    logBytes: report.logBytes,
  };
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? '????';
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** The C tool prints signed fields as unsigned. */
function unsigned(value: number): number {
  return value >>> 0;
}
