import type { Command } from 'commander';
import type { Finding } from '../service/diagnose.ts';
import type { OnExit } from './act.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';

/** `countersign doctor` */
export function addDoctorCommand(program: Command, onExit: OnExit): void {
  program
    .command('doctor')
    .description('looks at the settings of the service, its store, its clock and its credentials, and says what to do; changes and sends nothing')
    .option('--json', 'answer with one line of JSON')
    .action(async (options: { readonly json?: boolean }) => onExit(await runDoctor(options)));
}

const MARKS: Readonly<Record<Finding['status'], string>> = { ok: 'ok', fault: 'FAULT', unknown: '?' };

async function runDoctor({ json = false }: { readonly json?: boolean }): Promise<ExitCode> {
  const output = createOutput(json);
  try {
    const { diagnose } = await import('../service/diagnose.ts');
    const findings = await diagnose();
    output.answer(findings, findings.map(({ name, status, text }) => `${MARKS[status].padEnd(6)}${name}: ${text}`).join('\n'));
    return findings.some(({ status }) => status === 'fault') ? EXIT.failed : EXIT.ok;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}
