import { type CmlLine, UNKNOWN_PARENT } from '../../../cml/cmlLine.ts';
import type { LogRecord } from './record.ts';

/** A record as the .cml text tells it (spec/cml.md, 5.5). @param mount where the volume is mounted */
export function toCmlLine(record: LogRecord, mount: string): CmlLine {
  const { mutation } = record;
  const full = (path: string) => (path.startsWith(UNKNOWN_PARENT) ? path : `${mount}/${path}`);
  const path = full(record.path);
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'remove':
    case 'rmdir':
    case 'utimes':
      return { op: mutation.op, path };
    case 'symlink':
      return { op: 'symlink', path, target: mutation.target };
    case 'link':
      return { op: 'link', path, name: mutation.name };
    case 'rename':
      return { op: 'rename', from: path, to: full(record.toPath ?? mutation.toName) };
    case 'store':
      return { op: 'store', path, length: mutation.length };
    case 'chmod':
      return { op: 'chmod', path, mode: mutation.mode };
    case 'chown':
      return { op: 'chown', path, owner: mutation.owner };
  }
}
