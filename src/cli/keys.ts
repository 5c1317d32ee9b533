import type { Command } from 'commander';
import type { ApiKey, Scope, ShownApiKey } from '../service/operate.ts';
import type { OnExit } from './act.ts';
import { operate } from './operate.ts';

interface KeysOptions {
  readonly json?: boolean;
}

interface CreateOptions extends KeysOptions {
  readonly name: string;
  readonly service?: string;
  readonly scopes: string;
}

/** `countersign keys create`, `countersign keys list`, `countersign keys revoke` */
export function addKeysCommand(program: Command, onExit: OnExit): void {
  const keys = program.command('keys').description('for operators: the API keys of the service');
  keys
    .command('create')
    .description('make an API key, and show its secret, once')
    .requiredOption('--name <name>', 'what operators call it')
    .requiredOption('--scopes <list>', 'of start, check, read, admin, with commas between')
    .option('--service <id>', 'the one service that it acts for (default: all)')
    .option('--json', 'answer with one line of JSON')
    .action(async ({ name, service, scopes, ...options }: CreateOptions) => {
      const input = { name, service: service ?? null, scopes: scopes.split(',') as Scope[] };
      onExit(await operate(options, { ask: (operator) => operator.createKey(input), tell: describeNew }));
    });
  keys
    .command('list')
    .description('all there are, without their secrets')
    .option('--json', 'answer with one line of JSON')
    .action(async (options: KeysOptions) => {
      onExit(await operate(options, { ask: (operator) => operator.listKeys(), tell: (items) => items.map(describe).join('\n') }));
    });
  keys
    .command('revoke')
    .description('end an API key: it is good for nothing from then on, within 2 s in every process')
    .argument('<id>', 'SK and 32 hex digits')
    .option('--json', 'answer with one line of JSON')
    .action(async (id: string, options: KeysOptions) => {
      onExit(await operate(options, { ask: (operator) => operator.revokeKey(id), tell: (key) => `Revoked ${key.id}.` }));
    });
}

function describeNew({ id, secret, scopes, service }: ShownApiKey): string {
  return `Made the API key ${id} for ${scopes.join(', ')} of ${service ?? 'all services'}. Its secret is not shown again:\n\n${id}:${secret}`;
}

function describe({ id, name, service, scopes, revokedAt }: ApiKey): string {
  return `${id}  ${name}  ${scopes.join(',')}  ${service ?? 'all services'}${revokedAt === null ? '' : '  revoked'}`;
}
