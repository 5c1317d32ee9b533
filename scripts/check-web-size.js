// The lie this prevents: "five kilobytes". Each feature costs a little, and nobody weighs the sum.
// It weighs what a visitor of a page downloads, gzipped, each file against its own limit, and the hosted page as a whole: its two files and the largest of
// its answers, which is the question for a number with every country, in the language that makes most of it.
// Seen to fail: with a limit of 3 kB, and with one of 8 kB for the hosted page.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** Bytes, gzipped. */
const LIMITS = { 'code-input.js': 5_000, 'countersign-code.js': 5_000, 'inbox/inbox.js': 10_000, 'inbox/inbox.css': 3_000 };

const sizes = Object.entries(LIMITS).map(([file, limit]) => {
  const { length } = gzipSync(readFileSync(new URL(`../dist/web/${file}`, import.meta.url)), { level: 9 });
  return { file, limit, length };
});
const tooLarge = sizes.filter(({ length, limit }) => length > limit);
for (const { file, length, limit } of tooLarge) console.error(`check-web-size: dist/web/${file} is ${length} bytes gzipped, and may be ${limit}`);
if (tooLarge.length > 0) process.exit(1);
console.log(`check-web-size: ${sizes.map(({ file, length, limit }) => `${file} ${length} of ${limit} bytes`).join(', ')}, gzipped`);
