// The lie this prevents: "npx countersign runs what was just built". tsc writes files that may not be executed, and npm marks a bin executable only when
// it first links the package: after the next build it would be `Permission denied`.
// It sets the executable bits of every bin named in package.json.
// Seen to fail: `npx countersign --help` in a clone after a second build, without this.
import { chmodSync, readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

for (const path of Object.values(bin)) chmodSync(new URL(path, root), 0o755);
