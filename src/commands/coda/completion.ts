import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';

export const completion: Command = {
  usage: 'coda completion <bash|zsh|fish>',
  summary: 'print the script that makes a shell complete commands, options, paths and names',
  description: [
    'For all tools. The script asks the tools themselves at each TAB, so that it stays right when they are replaced; of Coda it knows only what venus tells within two seconds, and is silent where venus does not.',
  ],
  examples: [
    'source <(coda completion bash)',
    'coda completion zsh > DIRECTORY-IN-FPATH/_coda',
    'coda completion fish > ~/.config/fish/conf.d/coda.fish',
  ],
  words: { min: 1, max: 1 },

  async run(context, [word]) {
    const { scriptFor, shells } = await import('./completion/scripts.ts');
    const { readTables } = await import('./completion/readTables.ts');
    const shell = shells.find((known) => known === word);
    if (shell === undefined)
      throw new UsageError(`${word ?? ''} is no shell that is known: ${shells.join(', ')}`);
    const script = scriptFor(
      shell,
      readTables().map(({ name }) => name),
    );
    if (context.json) context.printJson({ shell, script });
    else context.terminal.out(script);
  },
};
