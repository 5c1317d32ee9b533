// The lie this prevents: "the demonstration works", said of one that needs what a user has not installed, or that passes whatever happens.
// Without a flag it runs the built command line's own demonstration. With --otp-model it bundles examples/otp-model, packages left outside, and runs that:
// the seed's class against a double of Twilio Verify. Either ends with 0 only if each step did what it should.
// Seen to fail: with a wait one millisecond short, and with a second caller let through.
import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle } from './lib/bundle.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const asked = process.argv.slice(2);
const isOtpModel = asked.includes('--otp-model');
const rest = asked.filter((argument) => argument !== '--otp-model');

if (isOtpModel && rest.length > 0) {
  console.error(`demo: --otp-model takes nothing beside it, and there is ${rest.join(' ')}`);
  process.exit(2);
}
if (isOtpModel) {
  // The double reads Twilio's document from beside its own source.
  const define = { 'import.meta.url': JSON.stringify(pathToFileURL(`${root}test/twilio/double.ts`).href) };
  await bundle(['examples/otp-model/otp-model.ts'], 'demo', { define });
}
process.exitCode = run(isOtpModel ? ['reports/demo/otp-model.js'] : ['dist/cli/main.js', 'demo', ...rest]);

function run(args) {
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', ...args], { cwd: root, stdio: 'inherit' });
  return status ?? 1;
}
