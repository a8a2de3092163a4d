import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'valibot';
import { type ToolTable, toolTablesSchema } from './toolTable.ts';

/** The tables of all tools, which the build has written beside the programs. */
export function readTables(): readonly ToolTable[] {
  const program = realpathSync(process.argv[1] ?? '');
  const file = join(dirname(program), '..', 'dist', 'commands.json');
  return parse(toolTablesSchema, JSON.parse(readFileSync(file, 'utf8')));
}
