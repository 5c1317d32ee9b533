// The lie this prevents: "npm ci installs what the lockfile says". npm leaves out of a new lockfile those binaries of other systems that its
// registry did not offer that day, and then `npm ci` refuses the lockfile everywhere, here included.
// It adds an entry for each: exact version, system, processor, and no checksum, since nobody here has seen the file. Run it after `npm install`.
// Seen to fail: `npm ci` with 23 entries missing; it passed with them added. scripts/check-committed.js fails while one is missing.
import { readFileSync, writeFileSync } from 'node:fs';
import { missingOptionals } from './lib/missing-optionals.js';

const OS = /\b(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)\b/;
const CPU = /\b(arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el)\b/;
const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));

const missing = missingOptionals(lock);
for (const { name, version, dev } of missing) {
  const [, os] = OS.exec(name) ?? [];
  const [, cpu] = CPU.exec(name) ?? [];
  if (!os || !cpu || !/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`complete-lockfile: cannot tell what ${name}@${version} is for`);
  const libc = /musl/.test(name) ? ['musl'] : /-gnu/.test(name) || os === 'linux' ? ['glibc'] : undefined;
  lock.packages[`node_modules/${name}`] = { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc }), optional: true, os: [os] };
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`complete-lockfile: ${missing.length} entries added`);
