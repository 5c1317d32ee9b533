// The lie this prevents: "there is an OpenAPI document". One that other programs cannot read, or whose examples break its own schemas, is worse than none.
// npx fetches Redocly's linter, which was not written here; its recommended rules apply, and a warning fails as an error does.
// Seen to fail: an example with a field too many, an operation without a 4xx answer, a reference to nothing; npx without a network.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readApiDocument } from './lib/api-document.js';

const LINTER = '@redocly/cli@2.77.0';

const folder = mkdtempSync(join(tmpdir(), 'countersign-openapi-'));
try {
  const document = await readApiDocument('https://countersign.invalid');
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document, null, 2));
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const args = ['--yes', LINTER, 'lint', 'openapi.json', '--format=json', '--max-problems=100'];
  const { totals, problems } = JSON.parse(lint(args, env));
  for (const { severity, message, location } of problems) console.error(`lint-openapi: ${severity}: ${message} at ${location?.[0]?.pointer ?? '#'}`);
  if (totals.errors + totals.warnings > 0) process.exitCode = 1;
  else console.log(`lint-openapi: ${Object.keys(document.paths).length} paths, nothing to say by ${LINTER}`);
} finally {
  rmSync(folder, { recursive: true });
}

/** What the linter found, as JSON; it ends with 1 where it found an error, and prints it all the same. */
function lint(args, env) {
  try {
    return execFileSync('npx', args, { cwd: folder, env, encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if (String(error.stdout).trimStart().startsWith('{')) return error.stdout;
    throw new Error(`lint-openapi: npx cannot run ${LINTER}: this needs npm's registry, and nothing was linted without it`);
  }
}
