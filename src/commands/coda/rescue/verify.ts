import { verifyCheckpointFiles } from '../../../cml/checkpointFiles.ts';
import type { Verification } from '../../../cml/verify.ts';
import type { Options } from '../../command.ts';
import type { Context } from '../../context.ts';
import { ExitStatus } from '../../exitStatus.ts';

/** Says whether an archive holds what its log says. "No" is status 1. */
export async function verifyArchive(context: Context, archive: string, options: Options): Promise<void> {
  const log = options.value('log');
  const verifying = verifyCheckpointFiles(archive, log === undefined ? {} : { log });
  const result = await context.waitFor(`${archive} to be read`, verifying);
  if (context.json) context.printJson({ archive, ...result, failures: context.failures });
  else context.print(reportOf(archive, result));
  context.count(result.verified ? ExitStatus.Done : ExitStatus.Failed);
}

function reportOf(archive: string, result: Verification): string {
  const { verified, entries, members, files, bytes, problems, problemCount } = result;
  const holds = `${entries} entries of the log; ${members} in the archive, ${files} of them files with ${bytes} bytes`;
  const lines = problems.map(({ message }) => `  ${message}\n`);
  const more = problemCount > problems.length ? `  and ${problemCount - problems.length} more\n` : '';
  return `${archive}: ${verified ? 'verified' : 'NOT verified'} (${holds})\n${lines.join('')}${more}`;
}
