/**
 * Checks the man pages against the built tools and against each other: they format without a warning, every command
 * and option that a tool's --help shows is in its page, and every page of
 * ours that is referred to exists (system calls are others').
 * Needs man-db; says so where there is none.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const pages = readdirSync(join(top, 'man')).filter((name) => /\.\d$/.test(name));
const tools = readdirSync(join(top, 'bin')).filter((name) => !name.includes('.'));

if (spawnSync('man', ['--version']).status !== 0) {
  console.log('man page check: not run, man is missing (apt-get install man-db)');
  process.exit(0);
}

const problems = [];

const texts = new Map();
for (const page of pages) {
  const { stdout, stderr, status } = run('man', ['--warnings', '-E', 'UTF-8', '-l', join(top, 'man', page)]);
  if (stderr !== '') problems.push(`${page}: ${stderr.trim()}`);
  if (status !== 0) problems.push(`${page}: man ended with ${status}`);
  texts.set(page, stdout.replace(/‐\n\s*/g, '-'));
}

for (const [page, text] of texts) {
  for (const [reference, name, section] of text.matchAll(/\b([a-z][\w-]*)\(([157])\)/g)) {
    if (!texts.has(`${name}.${section}`))
      problems.push(`${page}: refers to ${reference}, which there is not`);
  }
}

for (const tool of tools) {
  const text = texts.get(`${tool}.1`);
  if (text === undefined) {
    problems.push(`${tool}: has no page`);
    continue;
  }
  const words = ` ${text.replace(/\s+/g, ' ')} `;
  for (const command of commandsOf(tool)) {
    if (!words.includes(` ${tool} ${[...command, ''].join(' ')}`.trimEnd()))
      problems.push(`${tool}.1: does not name ${command.join(' ')}`);
    for (const option of optionsOf(tool, command)) {
      // Either spelling will do: --name and -name are the same.
      if (!new RegExp(`(?<![\\w-])-?${option.replace(/^--/, '-')}(?![\\w-])`).test(words))
        problems.push(`${tool}.1: does not name ${option} of ${[tool, ...command].join(' ')}`);
    }
  }
}

for (const problem of problems) console.log(problem);
console.log(`man page check: ${pages.length} pages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** The commands of a tool, as lists of words; one empty list for a tool that has none. */
function commandsOf(tool) {
  const help = run(join(top, 'bin', tool), ['--help']).stdout;
  const listed = /^Commands:\n((?: .*\n)+)/m.exec(help)?.[1];
  if (listed === undefined) return [[]];
  return listed
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split(/,? {2,}|, /)[0]
        .split(' '),
    );
}

function optionsOf(tool, command) {
  const { stdout, status } = run(join(top, 'bin', tool), [...command, '--help']);
  if (status !== 0) problems.push(`${[tool, ...command].join(' ')} --help ends with ${status}`);
  return [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option);
}

function run(program, words) {
  const env = {
    ...process.env,
    MANWIDTH: '120',
    MAN_KEEP_FORMATTING: '',
    LC_ALL: 'C.UTF-8',
    NODE_EXTRA_CA_CERTS: '',
  };
  return spawnSync(program, words, { encoding: 'utf8', env });
}
