'use strict';
/**
 * warm.cjs TOOL: runs a built tool against a venus that answers everything alike, and keeps the code that V8 compiled
 * meanwhile, for the tool and for the packages that it loaded. What is not compiled here still runs, only later.
 */
const fs = require('node:fs');
const { createServer } = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const vm = require('node:vm');

const root = join(__dirname, '..');
const tool = process.argv[2];
const words = { cfs: ['la', '/coda/x'], coda: ['pending'], ctokens: ['@x'], cunlog: ['@x'], hoard: ['on'] };
/** Those that get what they asked for; a failure of others is of no interest. */
const mustSucceed = new Set(['cfs', 'coda']);
const acl = '1\n0\nSystem:AnyUser\t9\n\0';
const name = { base64: 'eA==' };
const log = {
  ...{ volume: 1, name, mount: '/coda/x', entries: 1, bytes: 1, owner: 0, ownerName: 'x', waiting: [0] },
  ...{ token: 'none', servers: [{ name: 'x', reachable: true }], age: 0, oldest: 0, newest: 0, head: 'x' },
  ...{ conflict: { errno: 1, why: 'x' }, obstacle: 'no token', progress: { done: 0, total: 1 } },
};
const room = { cache: { capacity: 1, used: 1, unsent: 1 }, disk: { directory: '/', free: 1 } };
const record = { sequence: 1, time: 0, bytes: 1, conflict: false };
const records = [{ ...record, line: 'Create\tx' }, { ...record, line: name }, { end: true }];
const routes = {
  '/v1/logs': JSON.stringify({ logs: [log], client: room }),
  '/v1/logs/records': records.map((line) => `${JSON.stringify(line)}\n`).join(''),
};

/** The scripts that the launcher makes, by the names of their files. */
const scripts = new Map();
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    scripts.set(options.filename, this);
  }
};

// V8 takes compiled code only from a process with the same flags, and tools set theirs after they have loaded it.
require('node:v8').setFlagsFromString = () => undefined;

// Found by default, as most runs find it.
const directory = fs.mkdtempSync(join(tmpdir(), 'coda-warm-'));
fs.mkdirSync(join(directory, 'coda'));
process.env.XDG_RUNTIME_DIR = directory;
for (const name of ['CODA_VENUS', 'CODA_CLIENT', 'CODA_UID', 'CODA_CWD', 'CODACONFPATH'])
  delete process.env[name];

const server = createServer((connection) => {
  connection.on('data', (bytes) => connection.write(answerTo(bytes.toString('latin1'))));
  connection.on('error', () => undefined);
});
server.listen(join(directory, 'coda', 'venus.sock'), () => {
  process.argv = [process.execPath, tool, ...(words[tool] ?? ['--help'])];
  // The tool's output is of no interest, and its end is the moment to look.
  const { writeSync } = fs;
  fs.writeSync = (_fd, bytes, at = 0) => bytes.length - at;
  process.exit = (status) => {
    fs.writeSync = writeSync;
    for (const [filename, script] of scripts) keep(filename.replace(/cjs$/, 'v8'), script.createCachedData());
    fs.rmSync(directory, { recursive: true, force: true });
    process.reallyExit(mustSucceed.has(tool) ? status : 0);
  };
  require(join(root, 'bin', tool));
});

function answerTo(request) {
  const [, path] = /^GET ([^ ?]*)/.exec(request) ?? [];
  if (path === undefined) return `0\n${acl.length}\n\0${acl}`;
  const body = routes[path];
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Several tools load a package: the one that used most of it is the one to keep. */
function keep(file, compiled) {
  if (!fs.existsSync(file) || fs.statSync(file).size < compiled.length) fs.writeFileSync(file, compiled);
}
