import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CountersignError } from '../core/errors.ts';
import type { OnExit } from './act.ts';
import { addCancelCommand } from './cancel.ts';
import { addCheckCommand } from './check.ts';
import { addDemoCommand } from './demo.ts';
import { addDevCommand } from './dev.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEraseCommand } from './erase.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addExpireAllCommand } from './expire-all.ts';
import { addImportCommand } from './import.ts';
import { addKeysCommand } from './keys.ts';
import { addMigrateCommand } from './migrate.ts';
import { createOutput } from './output.ts';
import { addResendCommand } from './resend.ts';
import { addServeCommand } from './serve.ts';
import { addServicesCommand } from './services.ts';
import { addShowCommand } from './show.ts';
import { addStartCommand } from './start.ts';
import { addUnblockCommand } from './unblock.ts';

const HELP = `
Exit codes: 0 done or approved, 1 refused or not approved, 2 not understood, 3 a setting or the store failed.
With TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_SERVICE_SID codes go through Twilio Verify.
Without COUNTERSIGN_SECRET the secret is kept in <database>.key, which is made on first use.`;

/** Runs the command that the arguments name and resolves with what the process should end with. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const program = createProgram((code) => {
    exit = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok; // --help and --version
    createOutput(isJson(args)).fail(toMisuse(error));
    return EXIT.misuse;
  }
}

function createProgram(onExit: OnExit): Command {
  const program = new Command('countersign')
    .description('Prove that a person holds a phone number or an email address, from this machine: messages are printed, or sent by Twilio Verify.')
    .version(readVersion())
    .addHelpText('after', HELP)
    .exitOverride()
    // Its own messages repeat what was typed, which may be a number or a code.
    .configureOutput({ outputError: () => undefined });
  const commands = [addStartCommand, addCheckCommand, addResendCommand, addCancelCommand, addShowCommand];
  const operators = [addUnblockCommand, addEraseCommand, addExpireAllCommand, addImportCommand, addMigrateCommand];
  const service = [addDevCommand, addServeCommand, addDoctorCommand, addServicesCommand, addKeysCommand];
  for (const addCommand of [...commands, ...operators, addDemoCommand, ...service]) addCommand(program, onExit);
  return program;
}

/** The options are not known where the arguments were not understood. */
function isJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** Ensure that nothing typed is repeated but what cannot be a number, an address or a code: letters and dashes. */
const REPEATABLE = /^error: (?:unknown (?:option|command) '[a-z-]{1,30}'|missing required argument '[a-z]+'|option '[a-z <>-]+' argument missing)/i;

const MESSAGES: Readonly<Record<string, string>> = {
  'commander.help': 'give one of its commands',
  'commander.unknownCommand': 'unknown command',
  'commander.unknownOption': 'unknown option; put "--" before arguments that begin with a dash',
  'commander.excessArguments': 'too many arguments: give one destination, one id or one file',
};

function toMisuse({ code, message }: CommanderError): CountersignError {
  const [plain] = REPEATABLE.exec(message) ?? [];
  const suggestion = /\(Did you mean [a-z-]+\?\)/.exec(message)?.[0];
  const fault = plain?.replace('error: ', '') ?? describeChoice(code, message) ?? MESSAGES[code] ?? 'the arguments cannot be understood';
  return new CountersignError('invalid_request', `${fault}${suggestion ? ` ${suggestion}` : ''}; see "npx countersign --help"`);
}

/** An option that takes one of a few words. */
function describeChoice(code: string, message: string): string | undefined {
  if (code !== 'commander.invalidArgument') return undefined;
  const option = /^error: option '(--[a-z]+) /.exec(message)?.[1];
  const choices = /Allowed choices are ([a-z_, ]+)\.$/.exec(message)?.[1];
  return option && choices && `${option} must be one of ${choices}`;
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
