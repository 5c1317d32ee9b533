import type { Decide, RecordKey } from '../stores/store.ts';

/** Where the processes of a deployment agree on who sweeps. */
export const SWEEP_LEASE_KEY: RecordKey = { kind: 'meta', partition: '', id: 'sweep-lease' };

/** One look at the lease. Durations are milliseconds. */
export interface SweepClaim {
  /** Who asks: random, for each process its own. */
  readonly holder: string;
  /** How long a round may take: after that the holder counts as gone. */
  readonly lease: number;
  /** From the end of one round to the next, whoever has it. */
  readonly interval: number;
}

interface Lease {
  readonly version: number;
  readonly holder: string;
  /** Until when the round is the holder's; 0 when it is over. */
  readonly until: number;
  /** When the last round was over; 0 for never. */
  readonly sweptAt: number;
}

const VERSION = 1;

/** Nobody misses the lease of a deployment that has stopped. */
const RETENTION = 86_400_000;

/** Takes the lease, unless another has it or has just been round. Sweeping is safe from everywhere: the lease only saves work. */
export function decideSweepClaim({ holder, lease, interval }: SweepClaim): Decide<boolean> {
  return (current, now) => {
    const kept = parse(current);
    const isTaken = kept !== undefined && kept.until > now && kept.until <= now + lease;
    const isEarly = kept !== undefined && kept.sweptAt > 0 && kept.sweptAt <= now && now - kept.sweptAt < interval;
    if (isTaken || isEarly) return { result: false };
    return { result: true, next: toRecord({ version: VERSION, holder, until: now + lease, sweptAt: kept?.sweptAt ?? 0 }, now) };
  };
}

/** Gives the lease back after a round; one that another has taken meanwhile stays. */
export function decideSweepEnd({ holder }: Pick<SweepClaim, 'holder'>): Decide<boolean> {
  return (current, now) => {
    if (parse(current)?.holder !== holder) return { result: false };
    return { result: true, next: toRecord({ version: VERSION, holder, until: 0, sweptAt: now }, now) };
  };
}

function toRecord(lease: Lease, now: number): { readonly body: string; readonly expiresAt: number } {
  return { body: JSON.stringify(lease), expiresAt: now + RETENTION };
}

/** One that cannot be read is as good as none: nothing rests on it. */
function parse(body: string | undefined): Lease | undefined {
  try {
    const lease = JSON.parse(body ?? 'null') as Lease | null;
    return lease !== null && lease.version === VERSION && typeof lease.until === 'number' && typeof lease.sweptAt === 'number' ? lease : undefined;
  } catch {
    return undefined;
  }
}
