/** Walks through access lists and tokens on a venus of its own, in a temporary directory, and removes it again. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin');
const directory = mkdtempSync(join(tmpdir(), 'coda-demo-'));
const socket = join(directory, 'venus.sock');
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  CODA_VENUS: `unix:${socket}`,
  CODA_CWD: '/coda/demo.realm/doc',
  // Statuses and users of whoever runs this have no place here.
  CODA_CLASSIC: '',
  CODA_UID: '',
};
/** raiff is whoever runs this; baduser is somebody else: the socket's owner may speak for any uid. */
const badUid = String(process.getuid() + 1);

function say(text) {
  console.log(`\n# ${text}`);
}

/** Runs a line as a shell does, after printing it; a status that is not expected ends the demo. */
function type(line, { as, input = '', status = 0 } = {}) {
  const prefix = as === 'baduser' ? `CODA_UID=${badUid} ` : '';
  console.log(`$ ${prefix}${line}`);
  const uid = as === 'baduser' ? { CODA_UID: badUid } : {};
  const finished = spawnSync('/bin/sh', ['-c', line], { env: { ...env, ...uid }, input, encoding: 'utf8' });
  process.stdout.write(finished.stdout + finished.stderr);
  if (finished.status !== 0) console.log(`[exit status ${finished.status}]`);
  if (finished.status !== status) throw new Error(`${line}: status ${finished.status}, ${status} expected`);
}

let isUp = false;
try {
  say('A Coda of your own: a venus with its servers, in a temporary directory.');
  type(`coda up --realm demo.realm --data ${directory}/data --socket ${socket}`);
  isUp = true;
  say('A realm has users and groups. (The passwords come from stdin here.)');
  type('coda realm user add raiff --administrator', { input: 'raiff-password\n' });
  type('coda realm user add baduser', { input: 'baduser-password\n' });
  type('coda realm group add System:coda raiff');
  type('coda realm user list');

  say('raiff logs in; venus holds a token for him.');
  type('clog raiff@demo.realm', { input: 'raiff-password\n' });
  type('ctokens');

  say('He makes a directory and a file. The directory starts with the access list of the one above.');
  type('coda mkdir /coda/demo.realm/doc');
  type('echo "Coda keeps working when the network is gone." | coda put - readme');
  type('cfs la /coda/demo.realm/doc');

  say('The same by a relative path: CODA_CWD is where one stands while nothing is mounted.');
  type('cfs la .');

  say('Nobody without a token gets in any more …');
  type('cfs sa . System:AnyUser none');
  type('cfs la .');
  type('coda cat readme', { as: 'baduser', status: 4 });
  type('cfs sa . System:AnyUser rl');

  say('… or everybody but one: a negative entry takes rights away, whatever other entries give.');
  type('clog baduser@demo.realm', { as: 'baduser', input: 'baduser-password\n' });
  type('coda cat readme', { as: 'baduser' });
  type('cfs sa -negative . baduser rl');
  type('cfs la .');
  type('coda cat readme', { as: 'baduser', status: 7 });
  type('cfs sa -negative . baduser none');
  type('coda cat readme', { as: 'baduser' });

  say('What is known of the volume.');
  type('cfs lv .');
} finally {
  if (isUp) {
    say('And away with it.');
    type('coda down');
  }
  rmSync(directory, { recursive: true, force: true });
}
