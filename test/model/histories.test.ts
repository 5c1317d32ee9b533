import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import { type Command, history, smallLimits } from './commands.ts';
import { onCompareAndSet, onMemory, onSqlite, playHistory, tally } from './histories.ts';
import type { Played, Setting } from './player.ts';

/** A failure names the seed of its batch: set it, and the batch is played again. `npm run model:long` plays a million from a seed of its own. */
const SEED = Number(process.env.COUNTERSIGN_SEED ?? 20_260_115);
const COMMANDS = Number(process.env.COUNTERSIGN_COMMANDS ?? 100_000);
const BATCH = 50;

/** Long enough for a failure to be shrunk. */
const TIMEOUT = 120_000 + 5 * COMMANDS;

/** Everything that a history may come to: a generator that no longer reaches one of these tests less than it seems to. */
const SITUATIONS = [
  ...[
    'pending',
    'pending wrong_code',
    'approved',
    'already_approved',
    'expired',
    'max_attempts_reached',
    'max_attempts_reached wrong_code',
    'canceled',
    'failed',
    'not_found',
  ],
  ...['refused resend_too_soon', 'refused in_progress', 'refused budget_exhausted', 'refused destination_blocked'],
  ...['budget_exhausted', 'destination_blocked', 'unblocked', 'unblocked was blocked', 'erased', 'crashed'],
  ...['thrown invalid_code', 'thrown invalid_request', 'thrown provider_unavailable', 'thrown provider_rejected', 'thrown store_unavailable'],
  ...['thrown configuration_invalid', 'started', 'delivered:sent', 'delivered:refused', 'delivered:unknown', 'checked:right', 'checked:wrong'],
];

/** Plays batches of histories until there were so many commands. */
async function playBatches(count: number, limits: fc.Arbitrary<Limits>, play: (commands: readonly Command[], limits: Limits) => Promise<void>) {
  let played = 0;
  const property = fc.asyncProperty(limits, history(120), async (chosen, commands) => {
    played += commands.length;
    await play(commands, chosen);
  });
  for (let seed = SEED; played < count; seed += 1) await fc.assert(property, { seed, numRuns: BATCH });
}

const SEND = {
  do: 'start',
  when: 'now',
  service: 0,
  to: 0,
  purpose: 0,
  channel: 0,
  own: false,
  outcome: 'sent',
  takes: 'no_time',
  fault: 'none',
} as const;

/** Histories that once went wrong, as they were shrunk. */
const REGRESSIONS: readonly (readonly [what: string, limits: Partial<Limits>, commands: readonly Command[]])[] = [
  // A record's time went on at the clock's pace, and fell back to it as soon as that had caught up: a wait got longer by what the clock had lost.
  [
    'I17, I8: a clock that was set back and has caught up',
    {},
    [
      { ...SEND, requester: 1 },
      { do: 'back', by: 90_000 },
      { ...SEND, requester: 1 },
    ],
  ],
];

describe('histories of one caller', () => {
  const counts = new Map<string, number>();
  const onModel = async (commands: readonly Command[], limits: Limits) => {
    tally(counts, await playHistory(commands, { limits, openStore: onMemory() }));
  };

  it.each(REGRESSIONS)('%s', async (_what, limits, commands) => {
    await playHistory(commands, { limits: { ...DEFAULT_LIMITS, ...limits }, openStore: onMemory() });
  });

  it('I1–I8, I12, I14, I17: go as the model says under any limits', () => playBatches(COMMANDS * 0.8, smallLimits, onModel), TIMEOUT);

  it(
    'I1–I8, I12, I14, I17: go as the model says under the default limits',
    () => playBatches(COMMANDS * 0.2, fc.constant(DEFAULT_LIMITS), onModel),
    TIMEOUT,
  );

  it('come to everything that there is', () => {
    const rare = SITUATIONS.filter((situation) => (counts.get(situation) ?? 0) < COMMANDS / 10_000);
    expect(rare).toEqual([]);
  });

  it(
    'I20: come to the same on every store',
    () =>
      playBatches(COMMANDS * 0.02, smallLimits, async (commands, limits) => {
        // A store may keep a record for longer than another; then somebody hears that a verification has expired, late.
        const calm = commands.filter((command) => command.do !== 'sweep');
        const play = (openStore: Setting['openStore']): Promise<Played[]> => playHistory(calm, { limits, openStore, probes: false });
        const inMemory = await play(onMemory());
        expect(await play(onSqlite)).toEqual(inMemory);
        expect(await play(onCompareAndSet)).toEqual(inMemory);
      }),
    TIMEOUT,
  );
});
