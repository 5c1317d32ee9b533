import { type Command, InvalidArgumentError } from 'commander';
import type { DevOptions } from '../service/dev.ts';
import { runUntilSignal } from '../service/run-service.ts';
import type { OnExit } from './act.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';

/** `countersign dev` */
export function addDevCommand(program: Command, onExit: OnExit): void {
  program
    .command('dev')
    .description('the service for trying out: an API key, two curl lines, messages shown here and in a browser; nothing is sent and nothing is kept')
    .option('--host <address>', 'an address of this machine alone', '127.0.0.1')
    .option('--port <number>', 'the port to listen on (default: 8080, or any that is free)', parsePort)
    .action(async (options: Pick<DevOptions, 'host' | 'port'>) => onExit(await runDev(options)));
}

async function runDev({ host, port }: Pick<DevOptions, 'host' | 'port'>): Promise<ExitCode> {
  const output = createOutput(false);
  try {
    await runUntilSignal(async () => {
      // Loaded where it is asked for: a server is of no use to the other commands.
      const { startDev } = await import('../service/dev.ts');
      const dev = await startDev({ host, port, print: output.message });
      if (dev.isElsewhere) output.tell('Port 8080 is in use by another process: this is on another, and --port chooses one.\n');
      output.tell(`Countersign, for trying out: nothing is sent, and all of it is gone when this ends (Ctrl-C).

URL      ${dev.url}
API key  ${dev.apiKey}
Service  ${dev.service}

Start a verification, of a number kept for fiction, in another terminal:

${dev.startLine}

Its message appears here, with the line that checks its code. Open the URL in a browser to see messages as they would arrive, to try things
with a form, and to walk through the hosted page.`);
      return dev;
    });
    return EXIT.ok;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}

/** A port as it is typed. */
function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('a port is a whole number up to 65535');
}
