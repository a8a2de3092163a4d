/** From what a user types to what venus wants, and back (spec/cfs.md, 3.2; design: paths). */
import { BadPathError, NotCodaPathError } from './errors.ts';
import { MAX_PATH } from './framing.ts';
import { textLength } from './text.ts';

const CODA = '/coda';
const MAX_COMPONENT = 255;

/** How the paths of one run are read: where Coda is for the user, and where relative paths start. */
export interface PathView {
  /** Where Coda stands in the user's file system; `/coda` where it is not mounted. */
  readonly mountPoint: string;
  /** Where relative paths start, absolute. */
  readonly workingDirectory: string;
}

/**
 * The path that venus wants, starting at the Coda root: `/coda/example.org/usr` becomes `/example.org/usr`.
 * `..` is left to venus, which knows the links.
 * @param typed as the user wrote it; empty and `.` mean the working directory
 * @throws NotCodaPathError, BadPathError
 */
export function toVenusPath(typed: string, view: PathView): string {
  const relative = typed === '.' ? '' : typed.startsWith('./') ? typed.slice(2) : typed;
  const whole = typed.startsWith('/') ? typed : `${view.workingDirectory}/${relative}`;
  const below = stripPrefix(whole, view.mountPoint) ?? stripPrefix(whole, CODA);
  if (below === undefined) {
    throw new NotCodaPathError('Bad file descriptor', {
      why: `${whole} does not lie in Coda, which is at ${view.mountPoint}.`,
      next:
        view.mountPoint === CODA
          ? `Name it as ${CODA}/REALM/…, or set CODA_CWD for relative paths.`
          : `Name it below ${view.mountPoint}.`,
    });
  }
  return checkPath(below === '' ? '/' : below);
}

/** The other way round: venus names things from `/coda`, the user from where Coda is mounted. */
export function toUserPath(path: string, mountPoint: string): string {
  const below = stripPrefix(path, CODA);
  return below === undefined ? path : `${mountPoint}${below}`;
}

/** @throws BadPathError for what would overrun a buffer of real venus */
export function checkPath(path: string): string {
  if (path.includes('\0')) throw new BadPathError('Invalid argument', { why: 'The path contains a NUL.' });
  if (textLength(path) > MAX_PATH) {
    throw new BadPathError('File name too long', { why: `Venus takes paths of up to ${MAX_PATH} bytes.` });
  }
  if (path.split('/').some((component) => textLength(component) > MAX_COMPONENT)) {
    throw new BadPathError('File name too long', { why: `A name has at most ${MAX_COMPONENT} bytes.` });
  }
  return path;
}

/** An entry and the directory it is in, cut at the last slash; trailing slashes do not count. */
export function splitPath(path: string): { readonly directory: string; readonly entry: string } {
  const bare = path.replace(/\/+$/, '');
  const slash = bare.lastIndexOf('/');
  if (slash < 0) return { directory: '.', entry: bare };
  return { directory: slash === 0 ? '/' : bare.slice(0, slash), entry: bare.slice(slash + 1) };
}

/** A name inside a directory. */
export function joinPath(directory: string, name: string): string {
  return `${directory.replace(/\/+$/, '')}/${name}`;
}

/** The realm a venus path lies in; undefined for the Coda root. */
export function realmOfPath(path: string): string | undefined {
  return path.split('/').find((component) => component !== '');
}

/** @param prefix a directory, with or without a slash at its end */
function stripPrefix(path: string, prefix: string): string | undefined {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (path === bare) return '';
  return path.startsWith(`${bare}/`) ? path.slice(bare.length) : undefined;
}
