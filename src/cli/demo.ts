import type { Command } from 'commander';
import { withDemoVerifier } from '../service/compose.ts';
import type { OnExit } from './act.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';
import { type DemoReport, runDemo } from './run-demo.ts';

/** `countersign demo` */
export function addDemoCommand(program: Command, onExit: OnExit): void {
  program
    .command('demo')
    .description('verify a made-up phone number from start to end, on a database of its own; leaves nothing behind')
    .option('--json', 'answer with one line of JSON; everything else goes to standard error')
    .action(async ({ json = false }: { readonly json?: boolean }) => onExit(await showDemo(json)));
}

async function showDemo(json: boolean): Promise<ExitCode> {
  const output = createOutput(json);
  output.tell('Countersign verifies a phone number, from start to end, on a SQLite file in a temporary folder. Nothing is sent.');
  try {
    const report = await withDemoVerifier((parts) => runDemo(parts, output.tell));
    output.answer(report, describeReport(report));
    return report.passed ? EXIT.ok : EXIT.refused;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}

function describeReport({ passed, steps }: DemoReport): string {
  if (passed) return '\nEvery step did what it said. Next: npx countersign start <to>';
  const { call, shows } = steps.at(-1) ?? { call: 'start', shows: '' };
  return `\nStep ${steps.length} failed (${call}: ${shows}).`;
}
