import { printable } from '../term/printable.ts';
import type { CommandDefinition } from './commandDefinition.ts';
import { type Named, meaningOf } from './commandWord.ts';
import {
  discardAllLocal,
  discardLocal,
  preserveAllLocal,
  preserveLocal,
  skip,
  undo,
} from './commands/decide.ts';
import { compareDirs, doRepair } from './commands/compareDirs.ts';
import { diff } from './commands/diff.ts';
import { cat, ls } from './commands/files.ts';
import { clearInc, removeInc, replaceInc } from './commands/inconsistency.ts';
import { checkLocal, listLocal, show } from './commands/look.ts';
import { abort, beginRepair, endRepair, quit, resume } from './commands/session.ts';
import { type CommandName, commandNames, refusalOf } from './stateTable.ts';
import { LineError } from './words.ts';

const help: CommandDefinition = {
  name: 'help',
  aliases: ['?'],
  summary: 'list what can be done now, or explain a command',
  help: ['Commands may be abbreviated, and upper and lower case are the same.'],
  arguments: [{ name: '[COMMAND]' }],
  onInterrupt: 'give up',
  run(run, [word]) {
    if (word === undefined)
      run.conversation.print(listOfCommands((name) => refusalOf(run.state, name) === undefined));
    else run.conversation.print(helpAbout(word, (name) => refusalOf(run.state, name)?.why));
    return Promise.resolve('done');
  },
};

/** What can be done, in the order of lists. */
export const commandTable: readonly CommandDefinition[] = [
  beginRepair,
  checkLocal,
  listLocal,
  preserveLocal,
  preserveAllLocal,
  discardLocal,
  discardAllLocal,
  skip,
  undo,
  show,
  compareDirs,
  doRepair,
  replaceInc,
  removeInc,
  clearInc,
  ls,
  cat,
  diff,
  resume,
  abort,
  endRepair,
  quit,
  help,
];

/** All words that mean something. */
export const knownWords: readonly Named<CommandName>[] = commandNames.map((name) => ({
  name,
  aliases: definitionOf(name)?.aliases ?? [],
}));

export function definitionOf(name: CommandName): CommandDefinition | undefined {
  return commandTable.find((command) => command.name === name);
}

function listOfCommands(isLegal: (name: CommandName) => boolean): string {
  const width = Math.max(...commandTable.map(({ name }) => name.length));
  const lines = commandTable
    .filter(({ name }) => isLegal(name))
    .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `What can be done now:\n${lines.join('')}  ${'!command'.padEnd(width)}  run a command of the shell\nhelp COMMAND tells more about one.\n`;
}

function helpAbout(word: string, whyNot: (name: CommandName) => string | undefined): string {
  const meaning = meaningOf(word, knownWords);
  if (meaning.kind === 'ambiguous') throw ambiguous(word, meaning.candidates);
  const command = meaning.kind === 'command' ? definitionOf(meaning.name) : undefined;
  if (command === undefined) throw unknownWord(word);
  const usage = [command.name, ...command.arguments.map(({ name }) => name)].join(' ');
  const reason = whyNot(command.name);
  const not = reason === undefined ? '' : `\nNot now: ${reason}\n`;
  return `${usage}: ${command.summary}\n\n${command.help.join('\n\n')}\n${not}`;
}

export function ambiguous(word: string, candidates: readonly CommandName[]): LineError {
  return new LineError(`${printable(word)} may be ${candidates.join(' or ')}`, {
    next: 'Type more letters of the one you mean.',
  });
}

export function unknownWord(word: string): LineError {
  return new LineError(`there is no command ${printable(word)}`, { next: 'See what there is: help' });
}
