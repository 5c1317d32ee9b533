import type { Command } from 'commander';
import type { OnExit } from './act.ts';
import { addImportSvretriesCommand } from './import-svretries.ts';
import { addImportTwilioServiceCommand } from './import-twilio-service.ts';

/** `countersign import`: one command for each thing that can be brought along. */
export function addImportCommand(program: Command, onExit: OnExit): void {
  const command = program.command('import').description('for operators: bring along what another program has kept');
  addImportSvretriesCommand(command, onExit);
  addImportTwilioServiceCommand(command, onExit);
}
