/** repair over a realm in a file, as a program: `FILE [word ...]`. Its pid is in FILE.pid. */
import { existsSync, writeFileSync } from 'node:fs';
import { main } from '../../src/commands/main.ts';
import { repairCommand } from '../../src/commands/repair/repairCommand.ts';
import { MemoryFiles } from './memory/files.ts';
import { MemoryBackend } from './memory/session.ts';
import { MemoryRealm } from './memory/state.ts';
import { dialogueRealm } from './support.ts';

const [file = ''] = process.argv.splice(2, 1);
writeFileSync(`${file}.pid`, String(process.pid));
const realm = existsSync(file) ? MemoryRealm.load(file) : dialogueRealm(file);
const backend = new MemoryBackend(realm);
const [what, seconds] = (process.env['SLOW'] ?? '').split(':');
backend.before = (asked) =>
  asked === what ? new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000)) : undefined;

main({
  name: 'repair',
  summary: '',
  usageOn: 'stderr',
  commands: () =>
    Promise.resolve(
      repairCommand(() => Promise.resolve({ backend, files: () => Promise.resolve(new MemoryFiles(realm)) })),
    ),
});
