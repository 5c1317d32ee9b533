import type { Command } from 'commander';
import type { OnExit } from './act.ts';
import { operate } from './operate.ts';

interface ServicesOptions {
  readonly json?: boolean;
  readonly name: string;
}

/** `countersign services create`, `countersign services list` */
export function addServicesCommand(program: Command, onExit: OnExit): void {
  const services = program.command('services').description('for operators: the tenants of the service');
  services
    .command('create')
    .description('make a tenant, with the limits of the deployment; change it over HTTP')
    .requiredOption('--name <name>', 'what operators call it')
    .option('--json', 'answer with one line of JSON')
    .action(async ({ name, ...options }: ServicesOptions) => {
      onExit(await operate(options, { ask: (operator) => operator.createService({ name }), tell: ({ id }) => `Made the service ${id}.` }));
    });
  services
    .command('list')
    .description('all there are')
    .option('--json', 'answer with one line of JSON')
    .action(async (options: ServicesOptions) => {
      const tell = (items: readonly { readonly id: string; readonly name: string }[]) => items.map(({ id, name }) => `${id}  ${name}`).join('\n');
      onExit(await operate(options, { ask: (operator) => operator.listServices(), tell }));
    });
}
