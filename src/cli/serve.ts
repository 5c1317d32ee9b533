import type { Command } from 'commander';
import { runUntilSignal } from '../service/run-service.ts';
import type { OnExit } from './act.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';

/** `countersign serve` */
export function addServeCommand(program: Command, onExit: OnExit): void {
  program
    .command('serve')
    .description(
      'the service, for production: settings from COUNTERSIGN_… and the file that COUNTERSIGN_CONFIG names; logs are JSON on standard output',
    )
    .action(async () => onExit(await serve()));
}

async function serve(): Promise<ExitCode> {
  try {
    await runUntilSignal(async () => {
      // Loaded where it is asked for: a server is of no use to the other commands.
      const [{ readSettings }, { assertSafe }, { createService }] = await Promise.all([
        import('../service/read-settings.ts'),
        import('../service/preflight.ts'),
        import('../service/service.ts'),
      ]);
      const settings = readSettings();
      await assertSafe(settings);
      const service = await createService(settings);
      await service.listen();
      return service;
    });
    return EXIT.ok;
  } catch (error) {
    createOutput(false).fail(error);
    return toExitCode(error);
  }
}
