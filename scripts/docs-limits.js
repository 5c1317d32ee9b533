// The lie this prevents: a page of defaults that were true last year. A second list of limits, kept by hand, drifts from the one that decides.
// It writes docs/limits.md from src/engine/limits.ts alone: the sentences are its comments, the defaults its DEFAULT_LIMITS, and the ranges
// what resolveLimits says when it refuses a value. `--check` writes nothing and fails when the page is stale; test/docs does that.
// Seen to fail: with a default changed, with a comment changed, and with a limit that has no comment.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = new URL('../src/engine/limits.ts', import.meta.url);
const page = new URL('../docs/limits.md', import.meta.url);

/** Values that are refused, one for each thing a limit may be refused for; `ladder` has four. */
const REFUSED_LADDERS = ['', Array(21).fill(1), [0], [2, 1]];
const UNITS = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** The source is bundled here, not taken from dist/: the page must not depend on when somebody built last. */
const { outputFiles } = await build({ entryPoints: [fileURLToPath(source)], bundle: true, write: false, format: 'esm', platform: 'node' });
const { DEFAULT_LIMITS, RUN_RETENTION, resolveLimits } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);

const text = render(readComments(readFileSync(source, 'utf8')));
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
  console.log(`docs-limits: ${Object.keys(DEFAULT_LIMITS).length} limits written to docs/limits.md`);
} else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs-limits: docs/limits.md is stale; run `node scripts/docs-limits.js`');
  process.exit(1);
} else {
  console.log('docs-limits: docs/limits.md says what src/engine/limits.ts does');
}

function readComments(code) {
  const [, body] = /export interface Limits \{\n(.*?)\n\}/s.exec(code) ?? [];
  if (body === undefined) throw new Error('docs-limits: src/engine/limits.ts has no interface Limits');
  const comments = new Map();
  for (const [, comment, name] of body.matchAll(/\/\*\*(.*?)\*\/\s+readonly (\w+):/gs)) {
    comments.set(name, comment.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim());
  }
  return comments;
}

function render(comments) {
  const sections = Object.entries(DEFAULT_LIMITS).map(([name, value]) => {
    const comment = comments.get(name);
    if (comment === undefined) throw new Error(`docs-limits: limits.${name} has no comment`);
    return `### \`${name}\`\n\n${comment}\n\nDefault ${describeValue(name, value)}; ${describeRange(name)}.\n`;
  });
  return `# Limits

<!-- Written by scripts/docs-limits.js from src/engine/limits.ts. Change it there. -->

Every limit of the engine, in one object: \`createVerifier({ limits: { … } })\` takes any of them, and the rest stay as they are here. A value outside its
range, or a name that is no limit, is \`configuration_invalid\` at construction, with one message that names each fault.

One set of limits is for a whole deployment: the store does not keep them, so every process must be given the same. Durations are whole
milliseconds in code; they are written out here.

Budgets, spacing and runs of wrong guesses are counted per *pool*. Everyone who is not known at a destination shares one pool there. A requester that was
approved for the destination has one of its own: see [decision 0002](decisions/0002-budgets-of-known-requesters.md).

${sections.join('\n')}
## Not a setting

A run of wrong guesses is forgotten ${describeDuration(RUN_RETENTION)} after the last of them. A disabled destination stays disabled until an operator clears it.
`;
}

function describeValue(name, value) {
  if (Array.isArray(value)) return value.map(describeDuration).join(', ');
  return isDurationLimit(name) ? describeDuration(value) : `\`${value}\``;
}

function describeRange(name) {
  if (name === 'ladder') return REFUSED_LADDERS.map((refused) => faultOf(name, refused)).join('; ');
  const fault = faultOf(name, '');
  const [, from, to] = /milliseconds from (\d+) to (\d+)$/.exec(fault) ?? [];
  return from === undefined ? fault : `must be from ${describeDuration(Number(from))} to ${describeDuration(Number(to))}`;
}

function isDurationLimit(name) {
  return faultOf(name, '').includes('milliseconds');
}

/** What a value is refused for, without the name. */
function faultOf(name, value) {
  try {
    resolveLimits({ [name]: value });
  } catch (error) {
    return error.message.replace(`\`limits.${name}\` `, '');
  }
  throw new Error(`docs-limits: limits.${name} accepts ${JSON.stringify(value)}, which was to show its range`);
}

function describeDuration(milliseconds) {
  const [unit, size] = UNITS.find(([, length]) => milliseconds % length === 0 && milliseconds >= length) ?? ['ms', 1];
  const count = milliseconds / size;
  if (unit === 'day') return count === 1 ? '24 h' : `${count} days`;
  return `${count} ${unit}`;
}
