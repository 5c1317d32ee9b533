import { HOUR, MINUTE } from '../core/duration.ts';

/** How many of the messages begun in the last hour became approvals: the first number to fall when messages do not arrive, or are not meant to. */
export interface Conversion {
  started(): void;
  approved(): void;
  /** Undefined where nothing was begun. */
  ratio(): number | undefined;
}

interface Bucket {
  readonly minute: number;
  started: number;
  approved: number;
}

/** Counts by the minute. @param monotonic milliseconds from anywhere. */
export function createConversion(monotonic: () => number): Conversion {
  let buckets: Bucket[] = [];
  const current = (): Bucket => {
    const minute = Math.floor(monotonic() / MINUTE);
    buckets = buckets.filter((bucket) => bucket.minute > minute - HOUR / MINUTE);
    const last = buckets.at(-1);
    if (last?.minute === minute) return last;
    const bucket = { minute, started: 0, approved: 0 };
    buckets.push(bucket);
    return bucket;
  };
  return {
    started() {
      current().started += 1;
    },
    approved() {
      current().approved += 1;
    },
    ratio() {
      current();
      const sum = (name: 'started' | 'approved') => buckets.reduce((total, bucket) => total + bucket[name], 0);
      return sum('started') === 0 ? undefined : sum('approved') / sum('started');
    },
  };
}
