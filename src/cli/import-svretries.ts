import type { Command } from 'commander';
import { CountersignError } from '../core/errors.ts';
import { withKeysToLook, withTerminalKeys } from '../service/compose.ts';
import { readConfig } from '../service/config.ts';
import { type ImportReport, importCounters, readCounters, type SvretriesFault } from '../service/import-svretries.ts';
import { parseUtcOffset } from '../service/parse-time.ts';
import type { OnExit } from './act.ts';
import { addCommonOptions, type CommonOptions } from './command-options.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';

interface ImportOptions extends CommonOptions {
  readonly apply?: boolean;
  readonly utcOffset: string;
}

const HELP = `
The file is CSV in UTF-8. Its first line names the columns unique_id, user_id, count and expires, and created_at if there is one; uniqueId or
userid will do as well. Times are 2026-01-31T10:00:00Z or 2026-01-31 10:00:00.123456.

A counter that is here already is never made weaker: the later end of its wait stays, and the rung that the longer wait follows.
The numbers in the column id are not carried over: here an id comes from unique_id and user_id.

Exit codes: 0 every line was or would be carried over, or is there already; 1 some lines are rejected, the others were or would be carried over;
2 the file or an option is not understood, nothing was written; 3 a setting or the store failed, and running it again goes on.`;

/** `countersign import svretries <file>` */
export function addImportSvretriesCommand(parent: Command, onExit: OnExit): void {
  addCommonOptions(parent.command('svretries').description('the resend counters of a table svretries; without --apply only says what would happen'))
    .argument('<file>', 'the table as CSV')
    .option('--apply', 'write; without it nothing is written')
    .option('--utc-offset <offset>', 'the zone of times that name none, such as +02:00', 'Z')
    .addHelpText('after', HELP)
    .action(async (file: string, options: ImportOptions) => onExit(await importFile(file, options)));
}

async function importFile(file: string, { db, json = false, apply = false, utcOffset }: ImportOptions): Promise<ExitCode> {
  const output = createOutput(json);
  try {
    // The file first: one that is no such table leaves no database behind.
    const counters = await readCounters(file, parseOffset(utcOffset));
    const { database, ...config } = readConfig(undefined, 'self_issued');
    const open = apply ? withTerminalKeys : withKeysToLook;
    const report = await open({ ...config, database: db ?? database }, output.note, (parts) =>
      importCounters(counters, { ...parts, apply, onStopped: (written) => noteStopped(output, written) }),
    );
    output.answer(report, describeReport(report));
    return report.rejected.length === 0 ? EXIT.ok : EXIT.refused;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}

function parseOffset(text: string): number {
  const offset = parseUtcOffset(text);
  if (offset !== undefined) return offset;
  throw new CountersignError('invalid_request', '--utc-offset must be hours and minutes from -14:00 to +14:00, such as +02:00', {
    field: 'utcOffset',
  });
}

function noteStopped(output: Output, written: number): void {
  output.note(`Stopped when ${written} were written. Run it again: those will be there already.`);
}

const REASONS: Readonly<Record<SvretriesFault, string>> = {
  cell_count_wrong: 'it has more or fewer cells than the first line',
  unique_id_missing: 'unique_id is empty',
  user_id_missing: 'user_id is empty',
  count_invalid: 'count is not a whole number from 0 to 4',
  expires_missing: 'expires is empty, and count is not 0',
  expires_invalid: 'expires is not a time',
  expires_too_late: 'expires is more than 30 days from now',
  created_at_invalid: 'created_at is not a time',
  duplicate_pair: 'an earlier line has the same unique_id and user_id',
};

function describeReport({ applied, carriedOver, alreadyThere, madeStricter, rejected }: ImportReport): string {
  const counts = [
    [applied ? 'carried over' : 'would carry over', carriedOver],
    ['already there', alreadyThere],
    [applied ? 'made stricter' : 'would make stricter', madeStricter],
    ['rejected', rejected.length],
  ] as const;
  return [
    ...(applied ? [] : ['Dry run: nothing was written.']),
    ...counts.map(([what, count]) => `  ${what.padEnd(20)} ${count}`),
    ...rejected.map(({ line, reason }) => `    line ${line}: ${REASONS[reason]} (${reason})`),
    'Ids of the table are not carried over: here they come from unique_id and user_id.',
    ...(applied ? [] : ['Next: the same with --apply']),
  ].join('\n');
}
