import type { CmlLine } from './cmlLine.ts';

/** A record of a modify log as the answers about single records name it (spec/repair.md, 16.3). */
export function formatOperation(line: CmlLine): string {
  switch (line.op) {
    case 'utimes':
      return `setattr ${line.path}`;
    case 'symlink':
      return `symlink ${line.path} --> ${lastName(line.path)}`;
    case 'rename':
      return `rename ${line.from} -> ${line.to}`;
    case 'repair':
      return `disconnected repair on ${line.fid}`;
    case 'store':
    case 'create':
    case 'mkdir':
    case 'remove':
    case 'rmdir':
    case 'chmod':
    case 'chown':
    case 'link':
      return `${line.op} ${line.path}`;
  }
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
