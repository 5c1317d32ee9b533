import type { Service } from './service.ts';

/** What an operator or an orchestrator says when a process shall end. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Waits until this process is told to end, and ends the service: what is under way is answered. A second signal does not wait. */
export async function runUntilSignal(service: Pick<Service, 'close' | 'logger'>): Promise<void> {
  const signal = await nextSignal();
  service.logger.info({ signal }, 'draining');
  for (const name of SIGNALS) process.once(name, () => process.exit(1));
  await service.close();
  service.logger.info({ signal }, 'drained');
  for (const name of SIGNALS) process.removeAllListeners(name);
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const take = (signal: NodeJS.Signals) => {
      for (const name of SIGNALS) process.off(name, take);
      resolve(signal);
    };
    for (const name of SIGNALS) process.on(name, take);
  });
}
