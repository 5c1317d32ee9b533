// The lie this prevents: "the front door loads no driver, no SDK and no server". One import in the wrong file is enough to make every user
// install what only some need, and no test notices where all of it is installed.
// It bundles dist/index.js alone and names every module it draws in; then it imports it in a folder where only what is allowed is installed.
// Seen to fail: with commander, a SQLite driver, node:http and an undeclared package behind the front door, and with a require() of a made-up name.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Packages the front door may load. Built-in modules of Node are free, those that are a driver or a server apart. */
const ALLOWED_PACKAGES = ['libphonenumber-js'];
const FORBIDDEN_BUILTINS = ['sqlite', 'http', 'https', 'http2', 'net', 'tls', 'dgram'];

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));

const { metafile } = await build({
  entryPoints: [entry],
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Each package stays an import by name, so that what is listed is what our own files ask for.
  packages: 'external',
  metafile: true,
  write: false,
  logLevel: 'error',
});

const problems = [];
for (const [path, input] of Object.entries(metafile.inputs)) {
  if (!path.startsWith('dist/')) problems.push(`${path} is drawn in from outside dist/`);
  for (const { path: name, external } of input.imports) {
    if (external && !isAllowed(name)) problems.push(`${path} imports ${name}`);
  }
}
if (problems.length > 0) {
  console.error(`check-front-door: the front door draws in what it must not:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  process.exit(1);
}

// What a bundler cannot see (a name put together, a read at import time) is found by importing it where nothing else is installed.
const bare = mkdtempSync(`${tmpdir()}/countersign-front-door-`);
try {
  for (const file of ['dist', 'package.json']) cpSync(`${root}${file}`, `${bare}/node_modules/countersign/${file}`, { recursive: true });
  for (const name of ALLOWED_PACKAGES) cpSync(`${root}node_modules/${name}`, `${bare}/node_modules/${name}`, { recursive: true });
  const program = `console.log(Object.keys(await import('countersign')).join(', '))`;
  const options = { cwd: bare, env: {}, encoding: 'utf8' };
  const names = execFileSync(process.execPath, ['--input-type=module', '--eval', program], options).trim();
  if (names === '') throw new Error('the front door exports nothing');
  console.log(`check-front-door: ${Object.keys(metafile.inputs).length} modules, nothing of drivers, SDKs or servers; exports ${names}`);
} finally {
  rmSync(bare, { recursive: true });
}

function isAllowed(name) {
  if (isBuiltin(name)) return !FORBIDDEN_BUILTINS.includes(name.replace(/^node:/, '').split('/')[0]);
  return ALLOWED_PACKAGES.some((allowed) => name === allowed || name.startsWith(`${allowed}/`));
}
