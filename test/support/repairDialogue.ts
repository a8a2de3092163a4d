/** The dialogue of a local/global repair, word for word as it has been known for decades. */
export function repairDialogue(object: string, replicas: readonly string[]): string {
  return `* begin
Pathname of object in conflict?  [] ${object}
a local-global-conflict repair session started
the conflict is caused by a reintegration failure
use the following commands to repair the conflict:
	checklocal
	listlocal
	preservelocal
	preservealllocal
	discardlocal
	discardalllocal
	quit
a list of local mutations is available in the .cml file in the coda spool directory

* ls -l ${object}
total 4
${replicas.join('\n')}

* listlocal
local mutations are:

Mkdir   ${object}/local/figs
Store   ${object}/local/paper.tex (length = 19603)

* checklocal
local mutation: mkdir ${object}/local/figs
conflict: target ${object}/global/figs exist on servers

* discardlocal
discard local mutation mkdir ${object}/local/figs

* checklocal
local mutation: store ${object}/local/paper.tex
no conflict

* preservelocal
store ${object}/global/paper.tex succeeded

* checklocal
all local mutations processed

* quit
commit the local/global repair session?  [yes] 
`;
}

/** Directories of `luqi`, as the dialogue lists them. */
export function listed(date: string, ...names: readonly string[]): readonly string[] {
  return names.map((name) => `drwxr-xr-x  3 luqi         2048 ${date} ${name}`);
}

/** What a person types in the dialogue, each line behind what he has to see before. */
export function typedLines(object: string): readonly (readonly [sees: string, types: string])[] {
  return [
    ['* ', 'begin'],
    ['in conflict?  [] ', object],
    ['* ', `ls -l ${object}`],
    ['* ', 'listlocal'],
    ['* ', 'checklocal'],
    ['* ', 'discardlocal'],
    ['* ', 'checklocal'],
    ['* ', 'preservelocal'],
    ['* ', 'checklocal'],
    ['* ', 'quit'],
    ['[yes] ', ''],
  ];
}
