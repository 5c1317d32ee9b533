// The lie this prevents: a figure measured through a loader that turns TypeScript into JavaScript on the way.
// It bundles each bench/*.ts to plain JavaScript, packages left outside, and runs them one after the other in a process each, so that none
// profits from what another warmed up. `npm run bench -- store` runs bench/store.ts alone.
// Seen to fail: with a name that no file has, and with a bench that throws.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from './lib/bundle.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const benches = readdirSync(`${root}bench`).filter((file) => file.endsWith('.ts'));
const asked = process.argv.slice(2);
const files = asked.length > 0 ? asked.map((name) => `${name}.ts`) : benches;

const unknown = files.filter((file) => !benches.includes(file));
if (unknown.length > 0 || files.length === 0) {
  console.error(`bench: there is no ${unknown.map((file) => `bench/${file}`).join(', ') || 'file in bench/'}`);
  process.exit(1);
}

await bundle(
  files.map((file) => `bench/${file}`),
  'bench',
);
for (const file of files) {
  console.log(`\n> bench/${file}`);
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', `reports/bench/${file.replace(/\.ts$/, '.js')}`], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}
