import { writeFileSync } from 'node:fs';
import type { CmlLine } from '../../src/cml/cmlLine.ts';
import { formatCmlLine } from '../../src/cml/cmlText.ts';
import { formatOperation } from '../../src/cml/operationText.ts';
import type { Call } from '../../src/ipc/call.ts';
import { checkpointLog } from '../../src/ipc/calls/checkpointLog.ts';
import { disableRepair, enableRepair } from '../../src/ipc/calls/expandObject.ts';
import { forceReintegration } from '../../src/ipc/calls/forceReintegration.ts';
import { getFid } from '../../src/ipc/calls/getFid.ts';
import { getVolumeStatus } from '../../src/ipc/calls/getVolumeStatus.ts';
import { purgeLog } from '../../src/ipc/calls/purgeLog.ts';
import { RepairAction, repairCommand } from '../../src/ipc/calls/repairCommand.ts';
import type { ErrnoName } from '../../src/ipc/errno.ts';
import type { PioctlRequest } from '../../src/ipc/framing.ts';
import { encodeText } from '../../src/ipc/text.ts';
import { type Change, type LogRecord, VOLUME, belowVolume, changeOf, lineOf } from './realChanges.ts';
import {
  type Directory,
  type Node,
  directoryAt,
  fault,
  find,
  nameOf,
  parentOf,
  partsOf,
} from './memory/nodes.ts';

export const SERVERS = ['s1.coda.test', 's2.coda.test'] as const;
const VOLUME_ID = 0x7f000001;
const GETFID_ROOM = { host: 0, unique: 0 };

/**
 * A real venus by what the recordings show of it: one volume, one object in conflict, a log that is settled from its
 * head, and an expanded object with servers and `_localcache` in it. Requests and replies are bytes.
 */
export class RealVenusDouble {
  local: Node;
  server: Node;
  readonly log: LogRecord[] = [];
  /** The object in conflict, from the volume. */
  readonly object: string;
  isExpanded = false;
  /** What venus deleted from its log, and what it sent. */
  readonly discarded: string[] = [];
  readonly sent: string[] = [];
  checkpoints = 0;
  /** Files it wrote, which a killed tool leaves. */
  readonly listings: string[] = [];
  static #listings = 0;
  /** Whether venus sends what is not in conflict without being asked. */
  isEager = false;
  /** Servers that show their versions. */
  reachable: readonly string[] = ['s1.coda.test'];
  /** Names of directories in which the servers allow nothing. */
  denied: readonly string[] = [];
  readonly asked: string[] = [];
  onDiscard: (line: CmlLine) => void = () => undefined;
  #nextId = 10;
  #clock = 1_000_000;

  constructor(object: string) {
    this.object = object;
    this.server = this.node('directory');
    this.local = structuredClone(this.server);
  }

  node(kind: 'directory'): Directory;
  node(kind: 'file' | 'symlink', text: string): Node;
  node(kind: Node['kind'], text = ''): Node {
    this.#nextId += 1;
    this.#clock += 1000;
    const common = { id: this.#nextId, version: 1, owner: 'luqi', modified: this.#clock };
    if (kind === 'directory') return { kind, entries: new Map(), mode: 0o755, ...common };
    if (kind === 'file') return { kind, contents: text, mode: 0o644, ...common };
    return { kind, target: text, mode: 0o777, ...common };
  }

  /** What both sides had before they were parted. */
  common(make: (root: Node) => void): void {
    make(this.server);
    this.local = structuredClone(this.server);
  }

  /** Somebody else changes a file at the servers. */
  others(path: string, contents: string): void {
    const node = find(this.server, path);
    if (node?.kind !== 'file') throw fault('ENOENT');
    Object.assign(node, { contents, version: node.version + 1, modified: (this.#clock += 1000) });
  }

  put(root: Node, path: string, node: Node): void {
    directoryAt(root, parentOf(path)).entries.set(nameOf(path), node);
  }

  /** A change at the client while it is disconnected. */
  locally(change: Change): void {
    const subject = 'from' in change ? change.from : change.path;
    const before = find(this.local, subject);
    this.#change(this.local, change, undefined);
    const about = before ?? find(this.local, subject);
    if (!about) throw fault('ENOENT');
    const contents = 'contents' in change ? change.contents : '';
    this.log.push({ line: lineOf(change), id: about.id, version: about.version, contents, isMarked: false });
  }

  /** Sends what it can; what the servers refuse is marked, and stops the log. */
  reintegrate(): void {
    for (let head = this.log[0]; head; head = this.log[0]) {
      if (this.#refusal(head) !== undefined) {
        head.isMarked = true;
        return;
      }
      const made = search(this.local, head.id);
      this.#change(this.server, changeOf(head), made);
      this.sent.push(formatCmlLine(head.line));
      this.log.shift();
    }
    this.#forgetLocal();
  }

  get isInConflict(): boolean {
    return this.log.some(({ line, isMarked }) => isMarked && this.#isOfObject(line));
  }

  /** Answers a request. */
  async pioctl(request: PioctlRequest): Promise<Uint8Array> {
    await Promise.resolve();
    this.asked.push(`${request.opcode} ${request.path}`);
    const below = request.path === VOLUME ? '' : request.path.slice(VOLUME.length + 1);
    switch (request.opcode) {
      case getFid.opcode:
        return this.#identity(request.path);
      case enableRepair.opcode:
        return this.#expand(below);
      case disableRepair.opcode:
        return this.#collapse(below);
      case repairCommand.opcode:
        return this.#command(below, decoded(repairCommand, request).action);
      case forceReintegration.opcode:
        this.reintegrate();
        return new Uint8Array();
      case getVolumeStatus.opcode:
        return getVolumeStatus.reply.encode(this.#status());
      case checkpointLog.opcode:
        this.checkpoints += 1;
        return new Uint8Array();
      case purgeLog.opcode:
        this.discarded.push(...this.log.map(({ line }) => formatCmlLine(line)));
        for (const { line } of this.log) this.onDiscard(line);
        this.log.length = 0;
        this.#forgetLocal();
        return new Uint8Array();
      default:
        throw fault('EOPNOTSUPP');
    }
  }

  #expand(below: string): Uint8Array {
    if (below !== this.object || this.isExpanded) throw fault('EINVAL');
    this.isExpanded = true;
    return new Uint8Array();
  }

  #collapse(below: string): Uint8Array {
    if (below !== this.object || !this.isExpanded) throw fault('EINVAL');
    this.isExpanded = false;
    return new Uint8Array();
  }

  #identity(path: string): Uint8Array {
    const below = path.slice(VOLUME.length + 1);
    const fid = (volume: number, vnode: number, unique: number, realm: string, version = 0) =>
      getFid.reply.encode({
        fid: { volume, vnode, unique, realm },
        versionVector: { versions: [version, 0, 0, 0, 0, 0, 0, 0], storeId: GETFID_ROOM, flags: 0 },
      });
    if (!path.startsWith(VOLUME)) return fid(0xff000001, 1, 1, 'localhost');
    if (below === this.object && this.isExpanded) return fid(0xffffffff, 0xfffffffc, 1, 'localhost');
    const node = below === this.object ? find(this.local, below) : this.at(path, true);
    if (!node) throw fault('ENOENT');
    const vnode = 2 * node.id + (node.kind === 'directory' ? 1 : 0);
    return fid(VOLUME_ID, vnode, node.id, 'coda.test', node.version);
  }

  #command(below: string, action: number): Uint8Array {
    if (action === RepairAction.Begin)
      return text(this.isInConflict && below === this.object && this.isExpanded ? '1' : '-1');
    // Expanded, the object is in the Repair volume, which has no log.
    if (below === this.object && this.isExpanded) throw fault('EOPNOTSUPP');
    this.at(`${VOLUME}${below === '' ? '' : `/${below}`}`, true);
    switch (action) {
      case RepairAction.CheckFirst:
        return text(this.#check());
      case RepairAction.DiscardFirst:
        return text(this.#discard());
      case RepairAction.List:
        return text(this.#list());
      default:
        throw fault('EOPNOTSUPP');
    }
  }

  #check(): string {
    const [head] = this.log;
    if (!head) return 'no local mutations\n';
    if (this.isExpanded && ['store', 'chmod', 'chown', 'utimes'].includes(head.line.op))
      throw new Error('venus aborts: the object of the first record is expanded');
    const target = `???//${nameOf('path' in head.line ? head.line.path : 'to' in head.line ? head.line.to : '')}`;
    const findings: Partial<Record<ErrnoName, string>> = {
      EEXIST: `conflict: target ${target} exists on servers\n`,
      EINCOMPATIBLE: `conflict: target ${target} updated on servers\n`,
      EACCES: `conflict: acl check failure on parent ${target}\n`,
    };
    const refusal = this.#refusal(head);
    // What is gone is told as no conflict (spec/repair.md, 16.3).
    return `local mutation: ${formatOperation(this.#shown(head.line))}\n${(refusal && findings[refusal]) ?? 'no conflict'}`;
  }

  #discard(): string {
    const [head] = this.log;
    if (!head?.isMarked) throw fault('EINVAL');
    this.onDiscard(head.line);
    this.log.shift();
    this.discarded.push(formatCmlLine(head.line));
    const operation = formatOperation(this.#shown(head.line));
    if (this.isEager && this.log[0]?.isMarked === false) this.reintegrate();
    this.#forgetLocal();
    return `discarded local mutation ${operation}\n`;
  }

  #list(): string {
    const lines = this.log.map(({ line }) => `${formatCmlLine(this.#shown(line))}\n`).join('');
    const ending = 36 ** 5 + ((process.pid * 1000 + RealVenusDouble.#listings++) % (35 * 36 ** 5));
    const name = `/tmp/listlocal-${ending.toString(36)}`;
    this.listings.push(name);
    const footer = `${this.log.length} entries total in the modify log for volume 2130706433\n`;
    writeFileSync(name, encodeText(lines + footer), { mode: 0o600, flag: 'wx' });
    return name;
  }

  /** While the object is expanded, what is below it is named by `_localcache`. */
  #shown(line: CmlLine): CmlLine {
    const start = `/coda${VOLUME}/${this.object}`;
    const shown = (path: string) =>
      this.isExpanded && (path === start || path.startsWith(`${start}/`))
        ? `${start}/_localcache${path.slice(start.length)}`
        : path;
    if (line.op === 'repair') return line;
    return line.op === 'rename'
      ? { ...line, from: shown(line.from), to: shown(line.to) }
      : { ...line, path: shown(line.path) };
  }

  #status() {
    const report = getVolumeStatus.reply.decode(new Uint8Array(100));
    return {
      ...report,
      connection: 2,
      conflict: this.log.some(({ isMarked }) => isMarked),
      logEntries: this.log.length,
    };
  }

  /** What a path leads to. @param isForVenus conflicts can be named to venus itself */
  at(path: string, isForVenus = false): Node {
    const parts = partsOf(path.slice(VOLUME.length));
    const object = partsOf(this.object);
    const isBelow = object.every((part, at) => parts[at] === part);
    const rest = parts.slice(object.length);
    const node = isBelow ? this.#inObject(rest, isForVenus) : find(this.local, parts.join('/'));
    if (!node) throw fault('ENOENT');
    return node;
  }

  #inObject(rest: readonly string[], isForVenus: boolean): Node | undefined {
    const [entry, ...below] = rest;
    const local = find(this.local, this.object);
    if (!this.isExpanded) {
      if (!this.isInConflict) return local && find(local, rest.join('/'));
      if (entry !== undefined) return undefined;
      return isForVenus ? local : link('@7f000001.000000c7.00000042@coda.test.');
    }
    if (entry === undefined) {
      const entries = ['_localcache', ...SERVERS].map((name): [string, Node] => [name, link('')]);
      return { ...this.node('directory'), entries: new Map(entries), mode: 0o555 };
    }
    if (entry === '_localcache') return local && find(local, below.join('/'));
    if (!this.reachable.includes(entry)) return link('@01000002.000000c7.00000042@coda.test.');
    const there = find(this.server, this.object);
    return there && find(there, below.join('/'));
  }

  /** Performs a change of an ordinary program, which reaches the servers at once. */
  ordinary(path: string, change: Change): void {
    const below = path.slice(VOLUME.length + 1);
    const isInside = below === this.object || below.startsWith(`${this.object}/`);
    if (this.isExpanded || (isInside && this.isInConflict)) throw fault('EROFS');
    this.#change(this.local, change, undefined);
    const subject = 'to' in change ? change.to : change.path;
    this.#change(this.server, change, find(this.local, subject));
  }

  #isOfObject(line: CmlLine): boolean {
    const start = `/coda${VOLUME}/${this.object}`;
    const path = 'path' in line ? line.path : 'to' in line ? line.to : '';
    return path === start || path.startsWith(`${start}/`);
  }

  #forgetLocal(): void {
    if (this.log.length === 0) this.local = structuredClone(this.server);
  }

  #refusal(record: LogRecord): ErrnoName | undefined {
    const { line, id, version } = record;
    if (line.op === 'repair') return 'EOPNOTSUPP';
    const path = belowVolume('path' in line ? line.path : line.to);
    const parent = find(this.local, parentOf(path));
    const there = parent && search(this.server, parent.id);
    if (this.denied.includes(parentOf(path))) return 'EACCES';
    switch (line.op) {
      case 'create':
      case 'mkdir':
      case 'symlink':
        if (there?.kind !== 'directory') return 'ENOENT';
        return there.entries.has(nameOf(path)) ? 'EEXIST' : undefined;
      case 'store':
      case 'chmod':
      case 'chown':
      case 'utimes':
      case 'link':
      case 'rename':
      case 'remove':
      case 'rmdir': {
        const subject = search(this.server, id);
        if (!subject) return 'ENOENT';
        return subject.version === version ? undefined : 'EINCOMPATIBLE';
      }
    }
  }

  #change(root: Node, change: Change, made: Node | undefined): void {
    const fresh = (node: Node): Node =>
      made ? { ...node, id: made.id, version: made.version, modified: made.modified } : node;
    switch (change.op) {
      case 'create': {
        this.put(root, change.path, fresh(this.node('file', '')));
        return;
      }
      case 'mkdir': {
        this.put(root, change.path, fresh(this.node('directory')));
        return;
      }
      case 'symlink': {
        this.put(root, change.path, fresh(this.node('symlink', change.target)));
        return;
      }
      case 'remove':
      case 'rmdir':
        directoryAt(root, parentOf(change.path)).entries.delete(nameOf(change.path));
        return;
      case 'rename': {
        const node = find(root, change.from);
        if (!node) throw fault('ENOENT');
        directoryAt(root, parentOf(change.from)).entries.delete(nameOf(change.from));
        this.put(root, change.to, node);
        return;
      }
      case 'store': {
        const node = find(root, change.path) ?? fresh(this.node('file', ''));
        if (node.kind !== 'file') throw fault('EISDIR');
        Object.assign(node, { contents: change.contents, modified: made?.modified ?? (this.#clock += 1000) });
        this.put(root, change.path, node);
        return;
      }
      case 'chmod': {
        const node = find(root, change.path);
        if (!node) throw fault('ENOENT');
        node.mode = change.mode;
      }
    }
  }
}

function decoded<Request>(definition: Call<Request, unknown>, { input }: PioctlRequest): Request {
  return definition.request.decode(input);
}

function text(answer: string): Uint8Array {
  return repairCommand.reply.encode(answer);
}

function link(target: string): Node {
  return { kind: 'symlink', target, id: 0, version: 0, mode: 0o644, owner: 'root', modified: 0 };
}

function search(root: Node, id: number): Node | undefined {
  if (root.id === id) return root;
  if (root.kind !== 'directory') return undefined;
  for (const each of root.entries.values()) {
    const found = search(each, id);
    if (found) return found;
  }
  return undefined;
}
