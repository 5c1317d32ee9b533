import type { Clock } from '../core/clock.ts';

/** The machine's own clock. Milliseconds since 1970-01-01 UTC; it may be set back, which the engine's rules allow for. */
export const systemClock: Clock = { now: Date.now };
