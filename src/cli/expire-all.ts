import type { Command } from 'commander';
import { withTerminalKeys } from '../service/compose.ts';
import { readConfig } from '../service/config.ts';
import { expireAll } from '../service/expire-all.ts';
import type { OnExit } from './act.ts';
import { addCommonOptions, type CommonOptions } from './command-options.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';
import { describeTime } from './when.ts';

/** `countersign expire-all` */
export function addExpireAllCommand(program: Command, onExit: OnExit): void {
  addCommonOptions(program.command('expire-all').description('for operators: end every verification, after a backup was put back')).action(
    async (options: CommonOptions) => onExit(await runExpireAll(options)),
  );
}

async function runExpireAll({ db, json = false }: CommonOptions): Promise<ExitCode> {
  const output = createOutput(json);
  try {
    const { database, ...config } = readConfig(undefined, 'self_issued');
    const report = await withTerminalKeys({ ...config, database: db ?? database }, output.note, expireAll);
    const next = 'Processes that use this store already have to begin anew to know of it; budgets are as the backup had them.';
    output.answer(report, `Every verification begun before ${describeTime(report.before)} has expired.\n${next}`);
    return EXIT.ok;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}
