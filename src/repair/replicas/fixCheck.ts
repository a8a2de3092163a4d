/** What must not be sent to servers, as they or venus would not survive it, or refuse it (spec/repair.md, 19.5). */
import { textLength } from '../../ipc/text.ts';
import {
  type DirectoryId,
  type FixFile,
  FixFileError,
  type FixOperation,
  type FixSection,
  type FixStep,
  MAX_FIX_NAME,
  MAX_SECTIONS,
  type Place,
  isCreate,
  isRemove,
} from '../../ipc/fixFile/fixFile.ts';
import { hasDirectory } from './compare.ts';
import { type Replica, type ReplicaReader, type ReplicaStatus, fidKey, isDirectoryVnode } from './replica.ts';

/** Numbers of objects that only one client knows. */
const [LOCAL_DIRECTORY, LOCAL_OTHER, FAKE] = [0xffffffff, 0xfffffffe, 0xfffffffc];
/** Names that are looked up at a time. */
const LOOKUPS = 32;

/** Says whether a replica has a name in another directory of the volume than the one under repair. */
export type KnownPlaces = (volume: number, directory: DirectoryId, name: string) => boolean;

/**
 * Checks a fix file by itself: names, fids, and what one section asks for twice.
 * @param file its name, for errors
 * @param object the directory that it is for
 * @throws FixFileError
 */
export function checkFixFile({ sections }: FixFile, file: string, object: DirectoryId): void {
  const volumes = new Set<number>();
  sections.forEach(({ volume, place, steps }, at) => {
    const refuse = refusal(file, place);
    if (at >= MAX_SECTIONS) refuse(`a volume has at most ${MAX_SECTIONS} replicas`);
    if (volumes.has(volume)) refuse(`there are two sections for the volume ${hex(volume)}`);
    volumes.add(volume);
    checkTogether(file, steps, object);
  });
}

/** What is right for each line may not be right for all of a section. */
function checkTogether(file: string, steps: readonly FixStep[], object: DirectoryId): void {
  const [made, gone] = [new Set<string>(), new Set<string>()];
  const fids = new Set<string>();
  for (const { operation, place } of steps) {
    const refuse = refusal(file, place);
    checkOperation(operation, refuse);
    const once = (names: Set<string>, directory: DirectoryId, name: string, what: string): void => {
      // Entries of different directories do not collide.
      const entry = `${fidKey(directory)}/${name}`;
      if (names.has(entry)) refuse(`${JSON.stringify(name)} ${what} twice in one section`);
      names.add(entry);
    };
    if (isCreate(operation)) {
      once(made, object, operation.name, 'is made');
      if (operation.op === 'createl') continue;
      if (fids.has(fidKey(operation.fid))) refuse(`the object ${fidKey(operation.fid)} is made twice`);
      fids.add(fidKey(operation.fid));
    } else if (isRemove(operation)) once(gone, object, operation.name, 'is removed');
    else if (operation.op === 'mv') {
      once(made, operation.target, operation.to, 'is made');
      once(gone, operation.source, operation.from, 'is moved');
    }
  }
}

function checkOperation(operation: FixOperation, refuse: Refuse): void {
  if (isCreate(operation)) {
    checkName(operation.name, refuse);
    checkFid(operation.fid, refuse);
    const wantsDirectory = operation.op === 'created';
    if (isDirectoryVnode(operation.fid) !== wantsDirectory)
      refuse(`${operation.op} takes ${wantsDirectory ? 'an odd' : 'an even'} vnode number`);
  } else if (isRemove(operation)) checkName(operation.name, refuse);
  else if (operation.op === 'mv') {
    checkName(operation.from, refuse);
    checkName(operation.to, refuse);
    for (const directory of [operation.source, operation.target]) {
      checkFid(directory, refuse);
      if (!isDirectoryVnode(directory)) refuse('a directory of mv has an odd vnode number');
    }
  } else if (operation.op === 'setacl' || operation.op === 'setnacl') checkName(operation.user, refuse);
}

function checkName(name: string, refuse: Refuse): void {
  const length = textLength(name);
  if (length === 0 || length > MAX_FIX_NAME)
    refuse(`a name has 1 to ${MAX_FIX_NAME} bytes here, and this one ${length}`);
  if (name === '.' || name === '..') refuse(`${JSON.stringify(name)} is no name of an entry`);
  if (/[/\n\0]/.test(name)) refuse('a name contains a slash, a newline or a NUL');
}

function checkFid({ vnode, unique }: DirectoryId, refuse: Refuse): void {
  if (vnode === LOCAL_DIRECTORY || vnode === LOCAL_OTHER || vnode === FAKE)
    refuse('the vnode number is one of this client alone, which servers do not know');
  if (vnode === 0 || unique === 0) refuse('no object has the number 0');
}

/** What is known of a name before anything is done. */
type Looked = ReadonlyMap<string, ReplicaStatus | undefined>;

/**
 * Checks a fix file against what the replicas have now; names are looked up as they are needed. {@link checkFixFile} has to be
 * done before.
 * @throws FixFileError; whatever the reader throws
 */
export async function checkAgainstReplicas(
  { sections }: FixFile,
  file: string,
  reader: ReplicaReader,
  known: KnownPlaces,
): Promise<void> {
  const replicas = await reader.replicas();
  for (const section of sections) {
    const replica = replicaOf(section, file, replicas, reader.object.volume);
    const looked = await lookUp(reader, replica, section.steps, reader.object);
    await checkAccess(section, file, reader, replica);
    await checkObjects(section, file, reader, replica);
    const gone = new Set<string>();
    for (const { operation, place } of section.steps) {
      const refuse = refusal(file, place);
      if (isRemove(operation)) gone.add(fidKey(looked.get(operation.name)?.fid ?? reader.object));
      // With its last name the object is gone.
      if (operation.op === 'createl' && gone.has(fidKey(operation.fid)))
        refuse(`createl of ${fidKey(operation.fid)} has to stand before the line that removes a name of it`);
      checkVolume(operation, reader.object.volume, refuse);
      checkNames(operation, reader.object, { replica, looked, known }, refuse);
    }
  }
  const missing = replicas.find(({ volume }) => !sections.some((section) => section.volume === volume));
  if (missing?.versionVector !== undefined)
    throw new FixFileError(
      file,
      sections.at(-1)?.place ?? { kind: 'line', line: 1 },
      `no section is for ${missing.server} (${hex(missing.volume)})`,
    );
}

function replicaOf(
  { volume, place, server }: FixSection,
  file: string,
  replicas: readonly Replica[],
  replicated: number,
): Replica {
  const refuse = refusal(file, place);
  if (volume === replicated)
    refuse(`${hex(volume)} is the replicated volume: a section is about one replica`);
  const found = replicas.find((replica) => replica.volume === volume);
  if (!found) return refuse(`${hex(volume)} is no replica of this object`);
  if (found.versionVector === undefined)
    refuse(`${found.server} does not answer, so that nothing can be checked`);
  if (server !== '' && server !== found.server)
    refuse(`${hex(volume)} is the replica of ${found.server}, not of ${JSON.stringify(server)}`);
  return found;
}

async function lookUp(
  reader: ReplicaReader,
  replica: Replica,
  steps: readonly FixStep[],
  object: DirectoryId,
): Promise<Looked> {
  const names = [...new Set(steps.flatMap(({ operation }) => namesHere(operation, object)))];
  const looked = new Map<string, ReplicaStatus | undefined>();
  for (let from = 0; from < names.length; from += LOOKUPS)
    await Promise.all(
      names.slice(from, from + LOOKUPS).map(async (name) => {
        looked.set(name, await reader.status(replica, name));
      }),
    );
  return looked;
}

/** The names of the directory under repair that an operation is about. */
function namesHere(operation: FixOperation, object: DirectoryId): readonly string[] {
  if (isCreate(operation) || isRemove(operation)) return [operation.name];
  if (operation.op !== 'mv') return [];
  const from = isSame(operation.source, object) ? [operation.from] : [];
  return isSame(operation.target, object) ? [...from, operation.to] : from;
}

function checkVolume(operation: FixOperation, replicated: number, refuse: Refuse): void {
  const volume = isCreate(operation)
    ? operation.fid.volume
    : operation.op === 'mv'
      ? operation.volume
      : replicated;
  if (volume !== replicated)
    refuse(`operations name objects by the replicated volume ${hex(replicated)}, not ${hex(volume)}`);
}

interface Known {
  readonly replica: Replica;
  readonly looked: Looked;
  readonly known: KnownPlaces;
}

/** All operations of a section are judged by what is there before the first of them (spec/repair.md, 13). */
function checkNames(operation: FixOperation, object: DirectoryId, at: Known, refuse: Refuse): void {
  const { server } = at.replica;
  const free = (name: string): void => {
    if (at.looked.get(name)) refuse(`${server} has ${JSON.stringify(name)} already`);
  };
  const present = (name: string): ReplicaStatus =>
    at.looked.get(name) ?? refuse(`${server} has no ${JSON.stringify(name)}`);
  if (isCreate(operation)) free(operation.name);
  else if (isRemove(operation)) {
    const isDirectory = isDirectoryVnode(present(operation.name).fid);
    if (isDirectory !== (operation.op === 'removed'))
      refuse(
        `${JSON.stringify(operation.name)} is ${isDirectory ? 'a' : 'no'} directory at ${server}: ` +
          `that takes ${isDirectory ? 'removed' : 'removefsl'}`,
      );
  } else if (operation.op === 'mv') {
    if (isSame(operation.source, object)) present(operation.from);
    else if (!at.known(at.replica.volume, operation.source, operation.from))
      refuse(
        `nobody has seen ${JSON.stringify(operation.from)} in that directory of ${server}: compareDirs looks`,
      );
    if (isSame(operation.target, object)) free(operation.to);
    else if (!isSame(operation.source, object)) refuse('neither directory of mv is the one under repair');
  }
}

/** An object is made once in a volume; a further name needs one that is there, and what is moved a directory. */
async function checkObjects(
  { steps }: FixSection,
  file: string,
  reader: ReplicaReader,
  replica: Replica,
): Promise<void> {
  const creations = steps.flatMap(({ operation, place }) =>
    isCreate(operation) ? [{ operation, place }] : [],
  );
  for (const { operation, place } of steps)
    if (operation.op === 'mv' && !(await hasDirectory(reader, replica, operation.target)))
      refusal(file, place)(`${replica.server} has no directory ${fidKey(operation.target)} to move it to`);
  const made = new Set<string>();
  for (let from = 0; from < creations.length; from += LOOKUPS) {
    const some = creations.slice(from, from + LOOKUPS);
    const places = await Promise.all(some.map(({ operation }) => reader.locate(replica, operation.fid)));
    some.forEach(({ operation, place }, at) => {
      const object = fidKey(operation.fid);
      const isThere = places[at] !== undefined;
      if (operation.op !== 'createl' && isThere)
        refusal(
          file,
          place,
        )(`${replica.server} has the object ${object} as ${JSON.stringify(places[at]?.name)}`);
      if (operation.op === 'createl' && !isThere && !made.has(object))
        refusal(file, place)(`${replica.server} has no object ${object} that could get another name`);
      made.add(object);
    });
  }
}

/** Servers refuse to take away an entry that is not there. */
async function checkAccess(
  { steps }: FixSection,
  file: string,
  reader: ReplicaReader,
  replica: Replica,
): Promise<void> {
  if (!steps.some(({ operation }) => 'rights' in operation)) return;
  const { access } = await reader.directory(replica);
  for (const { operation, place } of steps) {
    if (!('rights' in operation) || operation.rights !== 0) continue;
    const entries = access[operation.op === 'setacl' ? 'positive' : 'negative'];
    if (!entries.some(({ name }) => name === operation.user))
      refusal(
        file,
        place,
      )(`${replica.server} has no entry for ${JSON.stringify(operation.user)} to take away`);
  }
}

function isSame(one: DirectoryId, other: DirectoryId): boolean {
  return one.vnode === other.vnode && one.unique === other.unique;
}

type Refuse = (reason: string) => never;

function refusal(file: string, place: Place): Refuse {
  return (reason) => {
    throw new FixFileError(file, place, reason);
  };
}

function hex(volume: number): string {
  return volume.toString(16).padStart(8, '0');
}
