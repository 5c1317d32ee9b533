// The lie this prevents: "a hundred thousand commands found nothing". It plays a million, from a seed that is another one each time and is printed,
// so that the run can be repeated: `npm run model:long -- 123` plays those of seed 123 again.
// How: the histories and the interleavings of test/model are run with more commands; other tests are not.
// Seen to fail: with rules that were given the clock as it is, set back or not; the smallest history it printed had three commands.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [asked, commands = '1000000'] = process.argv.slice(2);
const seed = asked ?? String(Date.now() % 2 ** 31);
if (![seed, commands].every((number) => /^[1-9]\d{0,9}$/.test(number))) {
  console.error('model-long: usage: npm run model:long [-- <seed> [<commands>]]');
  process.exit(2);
}
const tests = ['test/model/histories.test.ts', 'test/model/interleavings.test.ts'];
console.log(`model-long: ${commands} commands from seed ${seed}`);
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, COUNTERSIGN_SEED: seed, COUNTERSIGN_COMMANDS: commands },
});
process.exit(status ?? 1);
