// The lie this prevents: "a fresh clone is all you need". A lockfile that names the registry it was made with, or lacks other systems' binaries,
// installs nowhere else, and a path of somebody's machine in a file works only there, and tells who they are.
// It reads the lockfile, and every file git knows or would add.
// Seen to fail: with an address and with a missing binary in the lockfile, with a home folder and with this checkout's own path in a file.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { missingOptionals } from './lib/missing-optionals.js';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const problems = [];

const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
for (const [path, entry] of Object.entries(lock.packages)) {
  if (/^(?:https?|git\S*|file):/.test(entry.resolved ?? '')) problems.push(`package-lock.json: ${path} is resolved to ${entry.resolved}`);
}
for (const { name, by } of missingOptionals(lock))
  problems.push(`package-lock.json: ${name} is missing for ${by}: node scripts/complete-lockfile.js`);

/** Folders that exist on one machine only: people's homes, and those that build machines check out into. */
const MACHINE_FOLDERS = /(?:file:\/\/|(?<![\w.~$})\]*/-]))\/(?:home|Users|root|work|workspace|builds|runner)\/[\w.-]+|\b[A-Z]:\\+Users\\/;
const here = [root, homedir()].filter((path) => path.split('/').length > 2);

const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
const files = listed.split('\0').filter((path) => path !== '' && statSync(`${root}/${path}`, { throwIfNoEntry: false })?.isFile());
for (const path of files) {
  const lines = readFileSync(`${root}/${path}`, 'utf8').split('\n');
  lines.forEach((line, index) => {
    const found = here.find((folder) => line.includes(folder)) ?? MACHINE_FOLDERS.exec(line)?.[0];
    if (found) problems.push(`${path}:${index + 1} holds ${found}`);
  });
}

if (problems.length > 0) {
  console.error(`check-committed:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  process.exit(1);
}
console.log(`check-committed: ${files.length} files, no path of a machine; ${Object.keys(lock.packages).length} packages, no registry's address`);
