/** The table of operation pairs: what becomes of what two sides do to related objects while they do not see each other. */
import { type Id, type Operation, ROOT } from './model.ts';

export const make = (directory: Id, name: string, object: Id): Operation => ({
  op: 'create',
  directory,
  name,
  object,
});
export const mkdir = (directory: Id, name: string, object: Id): Operation => ({
  op: 'mkdir',
  directory,
  name,
  object,
});
export const link = (directory: Id, name: string, object: Id): Operation => ({
  op: 'link',
  directory,
  name,
  object,
});
export const remove = (directory: Id, name: string, object: Id): Operation => ({
  op: 'remove',
  directory,
  name,
  object,
});
export const rmdir = (directory: Id, name: string, object: Id): Operation => ({
  op: 'rmdir',
  directory,
  name,
  object,
});
export const change = (object: Id, write: string): Operation => ({ op: 'change', object, write });
export function move(directory: Id, name: string, toDirectory: Id, toName: string, object: Id): Operation {
  return { op: 'rename', directory, name, toDirectory, toName, object };
}

/** What all servers have before they part: two directories, one with files, one of them of two names, and an empty one inside. */
export const before: readonly Operation[] = [
  mkdir(ROOT, 'd', 'D'),
  mkdir(ROOT, 'e', 'E'),
  mkdir('D', 'sub', 'S'),
  make('D', 'f', 'F'),
  make('D', 'g', 'G'),
  link('D', 'g2', 'G'),
  make('E', 'h', 'H'),
  mkdir('E', 'sub', 'T'),
];

export interface Row {
  readonly pair: string;
  readonly left: readonly Operation[];
  readonly right: readonly Operation[];
  /** `kind object`, each conflict that has to be; none if it all merges. */
  readonly conflicts: readonly string[];
  /**
   * Some of what is everywhere then: `directory/name=object+writes`; what is nowhere: `!directory/name`; what is
   * somewhere: `?directory/name=object+writes`.
   */
  readonly then?: readonly string[];
}

export const table: readonly Row[] = [
  // Names.
  row('create, create: two names', [make('D', 'x', 'X')], [make('D', 'y', 'Y')], [], ['D/x=X', 'D/y=Y']),
  row('create, create: one name', [make('D', 'x', 'X')], [make('D', 'x', 'Y')], ['name/name D']),
  row('create, mkdir: one name', [make('D', 'x', 'X')], [mkdir('D', 'x', 'Y')], ['name/name D']),
  row(
    'mkdir, mkdir: one name',
    [mkdir('D', 'x', 'X'), make('X', 'a', 'A')],
    [mkdir('D', 'x', 'Y'), make('Y', 'a', 'B')],
    ['name/name D'],
  ),
  row('create, rename to: one name', [make('D', 'x', 'X')], [move('D', 'f', 'D', 'x', 'F')], ['name/name D']),
  row('create, link: one name', [make('D', 'x', 'X')], [link('D', 'x', 'F')], ['name/name D']),
  row(
    'rename, rename to one name: two objects',
    [move('D', 'f', 'E', 'x', 'F')],
    [move('E', 'h', 'E', 'x', 'H')],
    ['name/name E', 'dependent D'],
  ),
  row(
    'create and remove, create: one name',
    [make('D', 'x', 'X'), remove('D', 'x', 'X')],
    [make('D', 'x', 'Y')],
    [],
    ['D/x=Y'],
  ),
  row('remove and create again, nothing', [remove('D', 'f', 'F'), make('D', 'f', 'X')], [], [], ['D/f=X']),
  row(
    'remove and create again, both',
    [remove('D', 'f', 'F'), make('D', 'f', 'X')],
    [remove('D', 'f', 'F'), make('D', 'f', 'Y')],
    ['name/name D'],
  ),
  row('create, remove: other name', [make('D', 'x', 'X')], [remove('D', 'f', 'F')], [], ['D/x=X', '!D/f']),
  row('remove, remove', [remove('D', 'f', 'F')], [remove('D', 'f', 'F')], [], ['!D/f']),
  row(
    'remove, remove: two names of a file',
    [remove('D', 'g', 'G')],
    [remove('D', 'g2', 'G')],
    [],
    ['!D/g', '!D/g2'],
  ),
  row(
    'remove, remove: two names of a file, changed',
    [remove('D', 'g', 'G'), change('G', '1')],
    [remove('D', 'g2', 'G')],
    ['remove/update D'],
  ),
  row('link, link: two names', [link('D', 'x', 'F')], [link('D', 'y', 'F')], [], ['D/x=F', 'D/y=F', 'D/f=F']),
  row('link, link: one name', [link('D', 'x', 'F')], [link('D', 'x', 'F')], [], ['D/x=F', 'D/f=F']),
  row(
    'link, remove: another name',
    [link('D', 'x', 'G')],
    [remove('D', 'g2', 'G')],
    [],
    ['D/x=G', 'D/g=G', '!D/g2'],
  ),
  row(
    'remove, link in conflict: the file keeps a name',
    [link('D', 'x', 'F'), remove('D', 'f', 'F')],
    [make('D', 'x', 'X')],
    ['name/name D'],
    ['?D/f=F'],
  ),
  row(
    'rename of one of two names, create: one name',
    [move('D', 'g', 'D', 'x', 'G')],
    [make('D', 'x', 'X')],
    ['name/name D'],
    ['?D/g=G'],
  ),
  // Contents and status.
  row('store, nothing', [change('F', '1')], [], [], ['D/f=F+1']),
  row('store, store', [change('F', '1')], [change('F', '2')], ['update/update F']),
  row('store, store: two files', [change('F', '1')], [change('G', '2')], [], ['D/f=F+1', 'D/g=G+2']),
  row('status, status: a directory', [change('S', '1')], [change('S', '2')], ['update/update S']),
  row(
    'status of a directory, create in it',
    [change('D', '1')],
    [make('D', 'x', 'X')],
    [],
    ['D/x=X', 'root/d=D+1'],
  ),
  row('store, rename', [change('F', '1')], [move('D', 'f', 'E', 'x', 'F')], [], ['E/x=F+1', '!D/f']),
  row('store, link', [change('F', '1')], [link('D', 'x', 'F')], [], ['D/x=F+1', 'D/f=F+1']),
  row('create and store, nothing', [make('D', 'x', 'X'), change('X', '1')], [], [], ['D/x=X+1']),
  row(
    'create, store and remove, nothing',
    [make('D', 'x', 'X'), change('X', '1'), remove('D', 'x', 'X')],
    [],
    [],
    ['!D/x'],
  ),
  // Removal and what the other side did.
  row('remove, store', [remove('D', 'f', 'F')], [change('F', '1')], ['remove/update D']),
  row('remove of one name, store', [remove('D', 'g', 'G')], [change('G', '1')], [], ['D/g2=G+1', '!D/g']),
  row('remove of the last name, link', [remove('D', 'f', 'F')], [link('D', 'x', 'F')], ['remove/update D']),
  row(
    'remove of the last name, link and remove',
    [remove('D', 'f', 'F')],
    [link('D', 'x', 'F'), remove('D', 'x', 'F')],
    [],
    ['!D/f', '!D/x'],
  ),
  row(
    'remove and create again, store',
    [remove('D', 'f', 'F'), make('D', 'f', 'X')],
    [change('F', '1')],
    ['name/name D', 'remove/update D'],
  ),
  row('rmdir, create in it', [rmdir('D', 'sub', 'S')], [make('S', 'x', 'X')], ['remove/update D']),
  row(
    'rmdir, create and remove in it',
    [rmdir('D', 'sub', 'S')],
    [make('S', 'x', 'X'), remove('S', 'x', 'X')],
    [],
    ['!D/sub'],
  ),
  row(
    'rmdir, rename into it',
    [rmdir('D', 'sub', 'S')],
    [move('D', 'f', 'S', 'x', 'F')],
    ['remove/update D'],
  ),
  row('rmdir, status', [rmdir('D', 'sub', 'S')], [change('S', '1')], ['remove/update D']),
  row('rmdir, rmdir', [rmdir('D', 'sub', 'S')], [rmdir('D', 'sub', 'S')], [], ['!D/sub']),
  row(
    'remove of a tree, nothing',
    [remove('E', 'h', 'H'), rmdir('E', 'sub', 'T'), rmdir(ROOT, 'e', 'E')],
    [],
    [],
    ['!root/e'],
  ),
  row(
    'remove of a tree, both',
    [remove('E', 'h', 'H'), rmdir('E', 'sub', 'T'), rmdir(ROOT, 'e', 'E')],
    [remove('E', 'h', 'H'), rmdir('E', 'sub', 'T')],
    [],
    ['!root/e'],
  ),
  row(
    'remove of a tree, store in it',
    [remove('E', 'h', 'H'), rmdir('E', 'sub', 'T'), rmdir(ROOT, 'e', 'E')],
    [change('H', '1')],
    ['remove/update root'],
  ),
  row(
    'remove of a tree, create in it',
    [remove('E', 'h', 'H'), rmdir('E', 'sub', 'T'), rmdir(ROOT, 'e', 'E')],
    [make('T', 'x', 'X')],
    ['remove/update root'],
  ),
  // Renames.
  row('rename, nothing', [move('D', 'f', 'E', 'x', 'F')], [], [], ['E/x=F', '!D/f']),
  row(
    'rename there and back, remove',
    [move('D', 'f', 'E', 'x', 'F'), move('E', 'x', 'D', 'f', 'F')],
    [remove('D', 'f', 'F')],
    [],
    ['!D/f', '!E/x'],
  ),
  row(
    'rename, rename: one place',
    [move('D', 'f', 'E', 'x', 'F')],
    [move('D', 'f', 'E', 'x', 'F')],
    [],
    ['E/x=F', '!D/f'],
  ),
  row(
    'rename, rename: two places',
    [move('D', 'f', 'E', 'x', 'F')],
    [move('D', 'f', 'E', 'y', 'F')],
    ['rename/rename D', 'rename/rename E'],
  ),
  row(
    'rename, rename: two names of one directory',
    [move('D', 'f', 'D', 'x', 'F')],
    [move('D', 'f', 'D', 'y', 'F')],
    ['rename/rename D'],
  ),
  row(
    'rename twice, rename: two names of one directory',
    [move('D', 'f', 'D', 't', 'F'), move('D', 't', 'D', 'x', 'F')],
    [move('D', 'f', 'D', 'y', 'F')],
    ['rename/rename D'],
  ),
  row(
    'rename, rename of a directory: two places',
    [move('D', 'sub', 'E', 'x', 'S')],
    [move('D', 'sub', ROOT, 'x', 'S')],
    ['rename/rename D', 'rename/rename E', 'rename/rename root'],
  ),
  row(
    'rename, rename: two names of one file',
    [move('D', 'g', 'D', 'x', 'G')],
    [move('D', 'g2', 'D', 'y', 'G')],
    [],
    ['D/x=G', 'D/y=G', '!D/g', '!D/g2'],
  ),
  row(
    'rename, link and remove, rename: names of one file',
    [move('D', 'g', 'D', 'x', 'G'), link('D', 'z', 'G'), remove('D', 'x', 'G')],
    [move('D', 'g', 'D', 'y', 'G')],
    [],
    ['D/y=G', 'D/z=G', 'D/g2=G', '!D/g', '!D/x'],
  ),
  row(
    'rename elsewhere, link',
    [move('D', 'f', 'E', 'x', 'F')],
    [link('D', 'y', 'F')],
    ['rename/rename D', 'rename/rename E'],
  ),
  row(
    'rename, remove',
    [move('D', 'f', 'E', 'x', 'F')],
    [remove('D', 'f', 'F')],
    ['rename/remove D', 'rename/remove E'],
  ),
  row(
    'rename of a directory, rmdir',
    [move('D', 'sub', 'E', 'x', 'S')],
    [rmdir('D', 'sub', 'S')],
    ['rename/remove D', 'rename/remove E'],
  ),
  row(
    'rename, create of the old name',
    [move('D', 'f', 'D', 'x', 'F'), make('D', 'f', 'X')],
    [],
    [],
    ['D/x=F', 'D/f=X'],
  ),
  row(
    'rename, rename of the freed name',
    [move('D', 'f', 'D', 'x', 'F'), move('D', 'g', 'D', 'f', 'G')],
    [],
    [],
    ['D/x=F', 'D/f=G', '!D/g'],
  ),
  row(
    'swap of two names',
    [move('D', 'f', 'D', 't', 'F'), move('D', 'g', 'D', 'f', 'G'), move('D', 't', 'D', 'g', 'F')],
    [],
    [],
    ['D/f=G', 'D/g=F', '!D/t'],
  ),
  row(
    'rename withheld, create of the old name',
    [move('D', 'f', 'D', 'x', 'F'), make('D', 'f', 'X')],
    [make('D', 'x', 'Y')],
    ['name/name D', 'name/name D'],
  ),
  row(
    'rename, rename: below each other',
    [move(ROOT, 'd', 'E', 'd', 'D')],
    [move(ROOT, 'e', 'D', 'e', 'E')],
    ['cycle root', 'cycle D', 'cycle E'],
  ),
  row(
    'rename, rename: below each other, create of the old name',
    [move(ROOT, 'd', 'E', 'd', 'D'), make(ROOT, 'd', 'X')],
    [move(ROOT, 'e', 'D', 'e', 'E')],
    ['cycle root', 'cycle D', 'cycle E', 'name/name root'],
  ),
  row(
    'rename out of and below, of which the first is withheld',
    [move('E', 'sub', 'S', 'x', 'T'), move(ROOT, 'e', 'T', 'e', 'E')],
    [make('S', 'x', 'X')],
    ['name/name S', 'dependent S', 'dependent E', 'dependent T', 'dependent root'],
  ),
  row(
    'rename, rename: into and beside',
    [move(ROOT, 'd', 'E', 'd', 'D')],
    [move(ROOT, 'e', ROOT, 'x', 'E')],
    [],
    ['root/x=E', 'E/d=D'],
  ),
  row(
    'rename into what is withheld',
    [mkdir('E', 'x', 'X'), move('D', 'f', 'X', 'f', 'F')],
    [make('E', 'x', 'Y')],
    ['name/name E', 'dependent D'],
  ),
  row(
    'create in what is withheld',
    [mkdir('E', 'x', 'X'), mkdir('X', 'y', 'Y'), make('Y', 'z', 'Z')],
    [make('E', 'x', 'W')],
    ['name/name E'],
  ),
  row(
    'rmdir of what a withheld rename left',
    [mkdir(ROOT, 'x', 'X'), move('E', 'h', 'X', 'h', 'H'), rmdir('E', 'sub', 'T'), rmdir(ROOT, 'e', 'E')],
    [make(ROOT, 'x', 'Y')],
    ['name/name root', 'remove/update root'],
  ),
];

function row(
  pair: string,
  left: readonly Operation[],
  right: readonly Operation[],
  conflicts: readonly string[],
  then: readonly string[] = [],
): Row {
  return { pair, left, right, conflicts, then };
}
