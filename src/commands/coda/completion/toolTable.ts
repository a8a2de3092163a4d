/** What completion knows of a tool: written at build time from the tables of all tools, so that no command is loaded. */
import * as v from 'valibot';
import type { Command, Option, Tool, WordKind } from '../../command.ts';
import { commonOptions } from '../../runTool.ts';

const wordKinds: readonly WordKind[] = [
  'path',
  'local file',
  'volume',
  'user',
  'group',
  'principal',
  'rights',
  'server',
  'client or server',
  'user at realm',
  'realm',
  'command',
  'shell',
  'other',
];

const commandTableSchema = v.object({
  /** None for a tool that is one command. */
  names: v.array(v.string()),
  summary: v.string(),
  usage: v.string(),
  options: v.array(
    v.object({ flags: v.string(), summary: v.string(), values: v.exactOptional(v.array(v.string())) }),
  ),
  optionsFirst: v.boolean(),
  completes: v.exactOptional(v.array(v.picklist(wordKinds))),
});
export type CommandTable = v.InferOutput<typeof commandTableSchema>;

export const toolTableSchema = v.object({ name: v.string(), commands: v.array(commandTableSchema) });
export type ToolTable = v.InferOutput<typeof toolTableSchema>;
export const toolTablesSchema = v.array(toolTableSchema);

/** Loads all commands of a tool. */
export async function tableOf({ name, commands }: Tool): Promise<ToolTable> {
  if (typeof commands === 'function') return { name, commands: [describe([], await commands())] };
  const shown = commands.filter(({ isListed = true }) => isListed);
  const tables = shown.map(async ({ names, load }) => describe([...names], await load()));
  return { name, commands: await Promise.all(tables) };
}

function describe(names: string[], command: Command): CommandTable {
  const { summary, usage, options = [], optionsFirst = false, completes } = command;
  const help: Option = { flags: '--help', summary: 'explain this command' };
  return {
    names,
    summary,
    usage,
    options: [...options, ...commonOptions, help].map(({ flags, summary: what, values }) => ({
      flags,
      summary: what,
      ...(values === undefined ? {} : { values: [...values] }),
    })),
    optionsFirst,
    ...(completes === undefined ? {} : { completes: [...completes] }),
  };
}
