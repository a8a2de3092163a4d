'use strict';
/**
 * warm.cjs TOOL: runs a built tool against a venus that answers everything alike, and keeps the code that V8 compiled
 * for it meanwhile. What is not compiled here still runs, only later.
 */
const fs = require('node:fs');
const { createServer } = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const vm = require('node:vm');

const root = join(__dirname, '..');
const tool = process.argv[2];
const words = { cfs: ['la', '/coda/x'], ctokens: ['@x'], cunlog: ['@x'] };
const acl = '1\n0\nSystem:AnyUser\t9\n\0';

/** The script that the launcher makes. */
let script;
vm.Script = class extends vm.Script {
  constructor(...parameters) {
    super(...parameters);
    script = this;
  }
};

// Found by default, as most runs find it.
const directory = fs.mkdtempSync(join(tmpdir(), 'coda-warm-'));
fs.mkdirSync(join(directory, 'coda'));
process.env.XDG_RUNTIME_DIR = directory;
for (const name of ['CODA_VENUS', 'CODA_CLIENT', 'CODA_UID', 'CODA_CWD', 'CODACONFPATH'])
  delete process.env[name];

const server = createServer((connection) => {
  connection.on('data', () => connection.write(`0\n${acl.length}\n\0${acl}`));
  connection.on('error', () => undefined);
});
server.listen(join(directory, 'coda', 'venus.sock'), () => {
  process.argv = [process.execPath, tool, ...(words[tool] ?? ['--help'])];
  // The tool's output is of no interest, and its end is the moment to look.
  const { writeSync } = fs;
  fs.writeSync = (_fd, bytes, at = 0) => bytes.length - at;
  process.exit = () => {
    fs.writeSync = writeSync;
    fs.writeFileSync(join(root, 'dist', `${tool}.v8`), script.createCachedData());
    fs.rmSync(directory, { recursive: true, force: true });
    process.reallyExit(0);
  };
  require(join(root, 'bin', tool));
});
