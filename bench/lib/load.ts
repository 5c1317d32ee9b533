/** What a run of operations came to. */
export interface Load {
  readonly opsPerSecond: number;
  /** CPU of the whole process, user and system, garbage collection included: microseconds per operation. */
  readonly cpuMicros: number;
}

/** A closed loop: `inFlight` callers, each of which makes its next call when its last one is answered. */
export async function runLoad(count: number, inFlight: number, operation: (index: number) => Promise<unknown>): Promise<Load> {
  let next = 0;
  const caller = async () => {
    while (next < count) await operation(next++);
  };
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - wall) / 1_000;
  return { opsPerSecond: count / seconds, cpuMicros: cpuSince(cpu) / count };
}

/** CPU of the process since `process.cpuUsage()` was asked, in microseconds. */
export function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}
