import type { Service } from './service.ts';

/** What an operator or an orchestrator says when a process shall end. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** How long a process that has ended its service may be kept by what could not be closed, in milliseconds. */
const LINGER = 500;

/**
 * Begins a service, waits until this process is told to end, and ends the service: what is under way is answered. A second signal does not wait. It
 * listens for signals before anything is begun: one that came right after would else end the process as it stands.
 */
export async function runUntilSignal(begin: () => Promise<Pick<Service, 'close' | 'logger'>>): Promise<void> {
  const told = listenForSignal();
  try {
    const service = await begin();
    const signal = await told.signal;
    service.logger.info({ signal }, 'draining');
    await service.close();
    service.logger.info({ signal }, 'drained');
    // It does not keep the process itself: it is asked only where something else does.
    setTimeout(() => process.exit(), LINGER).unref();
  } finally {
    told.end();
  }
}

interface Told {
  readonly signal: Promise<NodeJS.Signals>;
  end(): void;
}

function listenForSignal(): Told {
  let isTold = false;
  let resolve: (signal: NodeJS.Signals) => void;
  const signal = new Promise<NodeJS.Signals>((settle) => {
    resolve = settle;
  });
  const take = (name: NodeJS.Signals) => {
    if (isTold) process.exit(1);
    isTold = true;
    resolve(name);
  };
  for (const name of SIGNALS) process.on(name, take);
  return {
    signal,
    end() {
      for (const name of SIGNALS) process.off(name, take);
    },
  };
}
