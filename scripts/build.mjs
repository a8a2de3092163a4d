/**
 * Builds dist/: one CommonJS bundle per tool, the heavy packages as files of their own that are loaded when they are
 * needed, and V8's compiled code for each tool.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

export const tools = [
  'au',
  'cfs',
  'clog',
  'coda',
  'codacon',
  'cpasswd',
  'ctokens',
  'cunlog',
  'hoard',
  'repair',
];

/** Packages that only some runs need; each becomes a file of its own. */
const heavy = ['commander', 'undici', 'inquirer', 'ora', 'chalk', 'valibot'];

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  charset: 'ascii',
  legalComments: 'none',
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
  define: { CODA_TOOLKIT_VERSION: JSON.stringify(version) },
  // lmdb finds its native part by its own place in node_modules.
  external: ['lmdb'],
};

/** What the tools use of undici, without its fetch, caches and mocks, which would take most of the time to load it. */
const undici = `const Dispatcher = require('undici/lib/dispatcher/dispatcher.js');
  Dispatcher.prototype.request = require('undici/lib/api/api-request.js');
  exports.Pool = require('undici/lib/dispatcher/pool.js');
  exports.errors = require('undici/lib/core/errors.js');`;

/** A package as one CommonJS module: the default export, where there is one, with the others as its members. */
function asCommonJs(name) {
  if (name === 'undici') return undici;
  return `const all = require(${JSON.stringify(name)});
    module.exports = all.default === undefined ? all : Object.assign(all.default, all);`;
}

/** Points imports of the heavy packages at their files beside the bundle. */
const separate = {
  name: 'separate',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${heavy.join('|')})$`) }, ({ path }) => ({
      path: `./${path}.cjs`,
      external: true,
    }));
  },
};

/** What packages load at once though we never need it, and how they load it when it is called. */
const lazyParts = [
  {
    // A kind of subcommand that we do not have.
    file: /commander\/lib\/command\.js$/,
    eager: "const childProcess = require('node:child_process');",
    lazy: "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };",
  },
  {
    // HTTP/2, which venus does not speak.
    file: /undici\/lib\/dispatcher\/client\.js$/,
    eager: "const connectH2 = require('./client-h2.js')",
    lazy: "const connectH2 = (...args) => require('./client-h2.js')(...args)",
  },
];

const lazily = {
  name: 'lazily',
  setup({ onLoad }) {
    for (const { file, eager, lazy } of lazyParts) {
      onLoad({ filter: file }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes(eager)) throw new Error(`${path} has changed: look at it again`);
        return { contents: source.replace(eager, lazy), loader: 'js' };
      });
    }
  },
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

await Promise.all([
  ...heavy.map((name) =>
    build({
      ...common,
      stdin: { contents: asCommonJs(name), resolveDir: root, loader: 'js' },
      plugins: [lazily],
      outfile: join(dist, `${name}.cjs`),
    }),
  ),
  ...tools.map((tool) =>
    build({
      ...common,
      stdin: {
        contents: `import { main } from './commands/main.ts'; import { ${tool} } from './commands/${tool}.ts'; main(${tool});`,
        resolveDir: join(root, 'src'),
        loader: 'ts',
      },
      plugins: [separate],
      outfile: join(dist, `${tool}.cjs`),
    }),
  ),
]);

await writeTables();
for (const tool of tools) warm(tool);

/** Loads the commands of all tools, once, and writes down what completion has to know of them. */
async function writeTables() {
  const program = join(dist, 'tables.cjs');
  const imports = tools.map((tool) => `import { ${tool} } from './commands/${tool}.ts';`).join('');
  await build({
    ...common,
    stdin: {
      contents: `import { tableOf } from './commands/coda/completion/toolTable.ts'; ${imports}
        Promise.all([${tools.join(', ')}].map(tableOf)).then((all) => process.stdout.write(JSON.stringify(all)));`,
      resolveDir: join(root, 'src'),
      loader: 'ts',
    },
    plugins: [separate],
    outfile: program,
  });
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the tables of the tools: ${stderr}`);
  writeFileSync(join(dist, 'commands.json'), stdout);
  rmSync(program);
}

/** Runs a tool once and keeps the code that V8 compiled for it. */
function warm(tool) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'warm.cjs'), tool], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`warming up ${tool} failed: ${stderr}`);
}
