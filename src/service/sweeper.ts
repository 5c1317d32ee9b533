import { randomBytes } from 'node:crypto';
import { MINUTE, SECOND } from '../core/duration.ts';
import type { Store } from '../stores/store.ts';
import { decideSweepClaim, decideSweepEnd, SWEEP_LEASE_KEY, type SweepClaim } from './sweep-lease.ts';

/** When and how much is swept. Durations are milliseconds. */
export interface SweeperOptions {
  readonly store: Pick<Store, 'update' | 'sweep'>;
  /** Told how many records a round removed. */
  readonly onSwept: (records: number) => void;
  /** A round that failed is not repeated before the next: told why. */
  readonly onFailed: (error: unknown) => void;
  /** @defaultValue a minute */
  readonly interval?: number;
}

/** Removes expired records, now and then. */
export interface Sweeper {
  /** One round, unless another process has it. Resolves with the records that went; undefined where it was not ours. */
  sweep(): Promise<number | undefined>;
  /** No further round begins; the one under way is finished. */
  stop(): Promise<void>;
}

/** Records in one step: a few milliseconds on any store, so that no caller waits for it. */
const STEP = 500;

/** Steps in one round: what is left waits for the next. */
const MAX_STEPS = 100;

/** How long a round may be under way before its process counts as gone. */
const LEASE = 30 * SECOND;

/** Sweeps in rounds, each half an interval to one and a half after the one before, so that processes started together do not meet. */
export function startSweeper({ store, onSwept, onFailed, interval = MINUTE }: SweeperOptions): Sweeper {
  const claim: SweepClaim = { holder: randomBytes(9).toString('base64url'), lease: LEASE, interval: interval / 2 };
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let underWay: Promise<unknown> = Promise.resolve();
  const sweep = async () => {
    if (!(await store.update(SWEEP_LEASE_KEY, decideSweepClaim(claim)))) return undefined;
    let removed = 0;
    for (let step = 0; step < MAX_STEPS && !isStopped; step += 1) {
      const count = await store.sweep(STEP);
      removed += count;
      if (count < STEP) break;
    }
    await store.update(SWEEP_LEASE_KEY, decideSweepEnd(claim));
    onSwept(removed);
    return removed;
  };
  const plan = () => {
    timer = setTimeout(
      () => {
        underWay = sweep()
          .catch(onFailed)
          .finally(() => {
            if (!isStopped) plan();
          });
      },
      interval * (0.5 + Math.random()),
    );
    timer.unref();
  };
  plan();
  return {
    sweep,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
