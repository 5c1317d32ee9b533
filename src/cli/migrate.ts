import type { Command } from 'commander';
import { type MigrationReport, migrateDatabase } from '../service/compose.ts';
import { readDatabase } from '../service/config.ts';
import type { Answer, OnExit } from './act.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';

interface MigrateCommandOptions {
  readonly db?: string;
  readonly dryRun?: boolean;
  readonly status?: boolean;
  readonly json?: boolean;
}

/** `countersign migrate` */
export function addMigrateCommand(program: Command, onExit: OnExit): void {
  program
    .command('migrate')
    .description('for operators: make the tables on PostgreSQL or MySQL, or bring them up to date; no process does so by starting')
    .option('--db <address>', 'the database (default: $COUNTERSIGN_DATABASE, where nobody reads the password off the list of processes)')
    .option('--status', 'look only; ends with 1 when there is something to do')
    .option('--dry-run', 'print the statements, and run none')
    .option('--json', 'answer with one line of JSON; everything else goes to standard error')
    .action(async (options: MigrateCommandOptions) => onExit(await migrate(options)));
}

async function migrate({ db, dryRun = false, status = false, json = false }: MigrateCommandOptions): Promise<ExitCode> {
  const output = createOutput(json);
  try {
    const report = await migrateDatabase(db ?? readDatabase(), { dryRun: dryRun || status });
    const { ok, text } = describeReport(report, dryRun, status);
    output.answer(report, text);
    return ok ? EXIT.ok : EXIT.refused;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}

function describeReport({ found, latest, steps }: MigrationReport, dryRun: boolean, status: boolean): Answer {
  if (steps.length === 0) return { ok: true, text: dryRun ? '-- nothing to do' : `The tables are up to date, at version ${latest}.` };
  if (dryRun) return { ok: true, text: steps.flatMap(({ statements }) => statements.map((statement) => `${statement};`)).join('\n') };
  const before = found === 0 ? 'There are no tables yet' : `The tables are of version ${found}`;
  if (status) return { ok: false, text: `${before}; this is version ${latest}. Next: npx countersign migrate` };
  return { ok: true, text: found === 0 ? `Made the tables, of version ${latest}.` : `Brought the tables from version ${found} to ${latest}.` };
}
