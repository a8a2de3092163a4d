/** Writes a dump of a volume whose root has COUNT empty files to stdout. */
import { ROOT, file, rootDirectory, writeDump } from './seedDump.ts';

const count = Number(process.argv[2]);
const files = Array.from({ length: count }, (_, at) => file(at, ROOT, `entry-${at}.of.the.directory`, 0n));
writeDump([rootDirectory(), ...files], () => []);
