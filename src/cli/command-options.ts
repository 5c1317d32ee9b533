import { type Command, Option } from 'commander';
import { CHANNELS, type Channel } from '../core/destination.ts';
import type { ProviderName } from '../service/config.ts';

const PROVIDERS: readonly ProviderName[] = ['self_issued', 'twilio_verify'];

/** What every command understands. */
export interface CommonOptions {
  readonly db?: string;
  readonly json?: boolean;
  readonly provider?: ProviderName;
}

/** What binds a verification: a check has to bring the same as its start. */
export interface OwnerOptions extends CommonOptions {
  readonly purpose?: string;
  readonly requester?: string;
}

/** What a message travels by. */
export interface SendOptions extends OwnerOptions {
  readonly channel?: Channel;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option('--db <path>', 'the SQLite file with the state, or the address of a server (default: $COUNTERSIGN_DATABASE, else countersign.db)')
    .option('--json', 'answer with one line of JSON; everything else goes to standard error');
}

/** For commands that ask a verifier. */
export function addVerifierOptions(command: Command): Command {
  return addCommonOptions(command).addOption(
    new Option('--provider <name>', 'who issues codes (default: twilio_verify where TWILIO_ACCOUNT_SID is set, else self_issued)').choices(PROVIDERS),
  );
}

export function addOwnerOptions(command: Command): Command {
  return addVerifierOptions(command)
    .option('--purpose <name>', 'what the code is good for, such as login (default: default)')
    .option('--requester <id>', 'the account or device that asks; a check has to bring the same');
}

export function addSendOptions(command: Command): Command {
  return addOwnerOptions(command).addOption(new Option('--channel <channel>', 'how the code travels').choices(CHANNELS));
}

/** The command to type next, for the same database and owner. The requester stays out of it: it may be a token, and screens are photographed. */
export function toCommandLine(words: string, { db, purpose, requester, provider }: OwnerOptions): string {
  const parts = [`npx countersign ${words}`];
  if (purpose !== undefined) parts.push(`--purpose ${quote(purpose)}`);
  if (requester !== undefined) parts.push('--requester <the same>');
  if (provider !== undefined) parts.push(`--provider ${provider}`);
  // An address holds a password.
  if (db !== undefined) parts.push(db.includes('://') ? '--db <the same>' : `--db ${quote(db)}`);
  return parts.join(' ');
}

function quote(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
