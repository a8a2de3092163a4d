import tseslint from 'typescript-eslint';

/**
 * Imports point one way (CONTRIBUTING.md has the picture):
 *
 *   bin → commands → { acl, cml, hoard, repair, auth, fuse } → ipc
 *
 * Each row names a layer and the layers of src/ it may import besides itself.
 */
const layers = {
  ipc: [],
  acl: ['ipc'],
  cml: ['ipc', 'acl'],
  dump: ['ipc'],
  hoard: ['ipc'],
  auth: ['ipc'],
  fuse: ['ipc'],
  repair: ['ipc', 'acl', 'cml', 'term'],
  term: ['ipc'],
  commands: ['ipc', 'acl', 'cml', 'dump', 'hoard', 'auth', 'fuse', 'repair', 'term'],
  venus: ['ipc', 'acl', 'cml', 'dump', 'hoard'],
};

function directionRule(layer) {
  const allowed = new Set([layer, ...layers[layer]]);
  const forbidden = Object.keys(layers).filter((other) => !allowed.has(other));
  return {
    files: [`src/${layer}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^\\.\\./(\\.\\./)*(${forbidden.join('|')})/`,
              message: `src/${layer} may import only: ${[...allowed].join(', ')} (CONTRIBUTING.md, layers).`,
            },
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  ...Object.keys(layers).map(directionRule),
  {
    // The embedded venus is reached over its socket; `coda up` alone starts it.
    files: ['src/commands/coda/up.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
);
