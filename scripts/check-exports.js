// The lie this prevents: "import it from countersign/stores/sqlite". A subpath that is listed but not built fails at the user's, and one that
// is built but not listed cannot be imported at all, while every test here passes on relative paths.
// It holds package.json, dist/ and the subpaths we promise against each other, types included, and imports each entry by its public name.
// Seen to fail: with a file missing, its types missing, a built entry not listed, an unknown subpath, an entry that throws, a bin without shebang.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Every subpath there is or will be, and the file behind it. One that is not built yet is not listed. */
const SUBPATHS = {
  '.': './dist/index.js',
  './code-input': './dist/web/code-input.js',
  './countersign-code.js': './dist/web/countersign-code.js',
  './otp-model': './dist/otp-model.js',
  './senders/http-gateway': './dist/senders/http-gateway.js',
  './senders/smtp': './dist/senders/smtp.js',
  './senders/twilio-messaging': './dist/senders/twilio-messaging.js',
  './senders/vonage': './dist/senders/vonage.js',
  './stores/compare-and-set': './dist/stores/compare-and-set.js',
  './stores/sqlite': './dist/stores/sqlite.js',
  './stores/postgres': './dist/stores/postgres.js',
  './stores/mysql': './dist/stores/mysql.js',
  './stores/redis': './dist/stores/redis.js',
  './providers/twilio-verify': './dist/providers/twilio-verify.js',
  './service': './dist/service/service.js',
  './testing': './dist/testing/testing.js',
};

const root = new URL('..', import.meta.url);
const { name: packageName, exports: listed, bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const isBuilt = (path) => existsSync(new URL(path, root));
const problems = [];

for (const [subpath, target] of Object.entries(listed)) {
  if (subpath === './package.json') continue;
  const file = typeof target === 'string' ? target : target.default;
  if (SUBPATHS[subpath] !== file) problems.push(`exports["${subpath}"] is ${file}, and the subpaths we promise say ${SUBPATHS[subpath]}`);
  if (!isBuilt(file)) problems.push(`exports["${subpath}"] names ${file}, which is not built`);
  else if (!isBuilt(file.replace(/\.js$/, '.d.ts'))) problems.push(`${file} has no types beside it`);
  else await tryImport(subpath);
}
for (const [subpath, file] of Object.entries(SUBPATHS)) {
  if (isBuilt(file) && !(subpath in listed)) problems.push(`${file} is built, but exports does not list "${subpath}"`);
}
for (const [command, file] of Object.entries(bin)) {
  if (!isBuilt(file)) problems.push(`bin.${command} names ${file}, which is not built`);
  else if (!readFileSync(new URL(file, root), 'utf8').startsWith('#!/usr/bin/env node\n'))
    problems.push(`${file} does not start with #!/usr/bin/env node`);
}

if (problems.length > 0) {
  console.error(`check-exports:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  process.exit(1);
}
console.log(`check-exports: ${Object.keys(listed).length} subpaths of ${fileURLToPath(root)}package.json are built, typed and importable`);

async function tryImport(subpath) {
  try {
    await import(subpath.replace('.', packageName));
  } catch (error) {
    problems.push(`importing ${subpath.replace('.', packageName)} fails: ${error.message}`);
  }
}
