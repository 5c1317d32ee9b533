// The lie this prevents: "it works here, so what npm publishes works". Users get the packed files, their types and their subpaths, and not
// this folder; each tool below looks at that from its own side, and all of them are run before one failure is reported.
// It expects dist/ to be built: `npm run check:package` does both.
// Seen to fail: with a listed file missing, where three of the steps failed and all three were named.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const STEPS = [
  ['node', 'scripts/check-exports.js'],
  ['node', 'scripts/check-front-door.js'],
  ['node', 'scripts/check-web-size.js'],
  ['node', 'scripts/check-committed.js'],
  ['publint', '--strict'],
  // ESM only: require() of it works from Node 20.19, and older resolution is not for us.
  ['attw', '--pack', '.', '--profile', 'esm-only'],
  ['knip', '--no-config-hints'],
];

const cwd = fileURLToPath(new URL('..', import.meta.url));
const failed = STEPS.filter(([command, ...args]) => {
  console.log(`\n> ${command} ${args.join(' ')}`);
  const { status } = spawnSync(command === 'node' ? process.execPath : `${cwd}node_modules/.bin/${command}`, args, { cwd, stdio: 'inherit' });
  return status !== 0;
});

if (failed.length > 0) {
  console.error(`\ncheck-package: failed: ${failed.map((step) => step.join(' ')).join('; ')}`);
  process.exit(1);
}
console.log(`\ncheck-package: ${STEPS.length} checks passed`);
