import type { CounterKey } from '../core/keys.ts';
import type { Decide } from '../stores/store.ts';
import type { CounterRung } from './counter-record.ts';
import { decideCounter } from './decide-counter.ts';

/** A counter from somewhere else, to be gone on with. Times are in milliseconds since 1970-01-01 UTC. */
export interface CarryOverCommand {
  readonly key: CounterKey;
  /** How many rungs it has climbed, from 0 to the number of `waits`. */
  readonly count: number;
  /** When its wait is over; undefined where it has none, and then it is over now. */
  readonly expires: number | undefined;
  /** Undefined where nobody knows: then it is now. */
  readonly createdAt: number | undefined;
  /** 1 to 20 durations that never shrink, as for {@link decideCheckCount}. */
  readonly waits: readonly number[];
}

/**
 * `carried_over`: there was none, or a deleted one. `already_there`: there was one as strict. `made_stricter`: there was one, and it let the next message
 * go sooner.
 */
export type CarryOverOutcome = 'carried_over' | 'already_there' | 'made_stricter';

/**
 * Writes a counter from elsewhere as it stood there. One that is here already is never made weaker: of the two ends of the wait the later stays, and of
 * the two rungs the one that the longer wait follows.
 *
 * @throws {CountersignError} from the store's `update`: `store_unavailable` for a damaged record, and for one that another pair has.
 */
export function decideCarryOver({ key: { id: _, ...pair }, key, count, expires, createdAt, waits }: CarryOverCommand): Decide<CarryOverOutcome> {
  return decideCounter<CarryOverOutcome>(key, (record, now) => {
    const claim = record?.claim;
    const given: CounterRung = { count, expires: expires ?? now, createdAt: createdAt ?? now };
    const here = record?.rung;
    if (here === undefined) return { outcome: 'carried_over', next: { ...pair, claim, rung: given } };
    const rung = toStricter(here, given, waits, now);
    if (rung.count === here.count && rung.expires === here.expires) return { outcome: 'already_there' };
    return { outcome: 'made_stricter', next: { ...pair, claim, rung } };
  });
}

/** An end that has passed holds nobody back: of two such ends the one that is here stays, so that doing it again changes nothing. */
function toStricter(here: CounterRung, given: CounterRung, waits: readonly number[], now: number): CounterRung {
  return {
    count: toHeight(given.count, waits) > toHeight(here.count, waits) ? given.count : here.count,
    expires: given.expires > Math.max(here.expires, now) ? given.expires : here.expires,
    createdAt: here.createdAt,
  };
}

/** Where a count stands by the wait that follows it: behind the last rung begins the first again, so the largest count is as low as none. */
function toHeight(count: number, waits: readonly number[]): number {
  return count >= waits.length ? 0 : count;
}
