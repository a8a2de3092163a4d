/** Walks through access lists, work without the network and a conflict on a Coda of its own, and removes it again. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin');
const directory = mkdtempSync(join(tmpdir(), 'coda-demo-'));
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  // Where the sockets of the clients are.
  XDG_RUNTIME_DIR: directory,
  CODA_VENUS: '',
  CODA_CLIENT: 'laptop',
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
function type(line, { as, at, input = '', status = 0 } = {}) {
  const more = {
    ...(as === 'baduser' ? { CODA_UID: badUid } : {}),
    ...(at === undefined ? {} : { CODA_CLIENT: at }),
  };
  const prefix = as === 'baduser' ? `CODA_UID=${badUid} ` : '';
  console.log(`${at ?? ''}$ ${prefix}${line}`);
  const finished = spawnSync('/bin/sh', ['-c', line], { env: { ...env, ...more }, input, encoding: 'utf8' });
  process.stdout.write(finished.stdout + finished.stderr);
  if (finished.status !== 0) console.log(`[exit status ${finished.status}]`);
  if (finished.status !== status) throw new Error(`${line}: status ${finished.status}, ${status} expected`);
}

let isUp = false;
try {
  say('A Coda of your own: a server and two clients, in a temporary directory. CODA_CLIENT picks one.');
  type(`coda up --realm demo.realm --data ${directory}/data --clients laptop,desk`);
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

  say('The network of the laptop is gone. What the cache keeps can be read and changed.');
  type('coda realm link cut laptop s1');
  type('coda cat readme');
  type('echo "A line from the train." | coda put - readme');
  type('coda mkdir figs && echo "a figure" | coda put - figs/one');
  type('coda pending');

  say('Meanwhile somebody changes the same file at the desk.');
  type('clog raiff@demo.realm', { at: 'desk', input: 'raiff-password\n' });
  type('echo "A line from the desk." | coda put - readme', { at: 'desk' });

  say('The network is back: the log goes out up to what is in conflict, and nothing is lost.');
  type('coda realm link heal laptop s1');
  type('until coda doctor --exit-code > /dev/null; test $? = 6; do sleep 0.1; done');
  type('coda conflicts');
  type('coda resolve --all --keep both');
  type('coda pending --wait');
  type('coda ls -l', { at: 'desk' });
  type('coda ls | grep readme | xargs coda cat', { at: 'desk' });

  say('What is known of the volume.');
  type('cfs lv .');
} finally {
  if (isUp) {
    say('And away with it.');
    type('coda down');
  }
  rmSync(directory, { recursive: true, force: true });
}
