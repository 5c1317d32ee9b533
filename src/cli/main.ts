#!/usr/bin/env node
import { EXIT } from './exit-codes.ts';
import { createOutput, guardStreams, guardWarnings } from './output.ts';
import { runProgram } from './program.ts';

guardWarnings();
// An exit code and never process.exit(): what was written to a pipe is still on its way.
guardStreams(() => {
  process.exitCode = EXIT.failed;
});
try {
  const exit = await runProgram(process.argv.slice(2));
  process.exitCode ??= exit;
} catch (error) {
  createOutput(false).fail(error);
  process.exitCode = EXIT.failed;
}
