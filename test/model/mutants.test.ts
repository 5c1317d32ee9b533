import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import type { Verifier } from '../../src/engine/verifier.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { type Command, history, type StoreFault, smallLimits } from './commands.ts';
import { onMemory, playHistory } from './histories.ts';
import { Broken, type InvariantName } from './invariants.ts';
import * as mutants from './mutants.ts';
import type { Setting } from './player.ts';
import { memoryTrack, type RaceCall, race, runRace, type TrackMaker, versionedTrack } from './races.ts';
import { createVersionedWorld, type Weakness } from './scheduled-store.ts';
import { openVerifier, PLACES, ScriptedProvider } from './world.ts';

const SEED = 20_260_115;

/** Limits under which a verification may be sent again and again, and three guesses end it. */
const OPEN: Limits = {
  ...{ ...DEFAULT_LIMITS, ladder: [1], sendSpacing: 1, sendsPerHour: 100, sendsPerDay: 100, renewBefore: 1 },
  ...{ guessesPerVerification: 3, wrongPerHour: 100, wrongPerDay: 100 },
};

/** Changes the commands of histories, so that what is looked for comes about sooner. */
type Twist = (command: Command) => Command;

interface Hunt {
  readonly twist?: Twist;
  /** @defaultValue any */
  readonly limits?: fc.Arbitrary<Limits>;
  /** The faults of the store that are kept. @defaultValue none */
  readonly faults?: readonly StoreFault[];
  /** @defaultValue 1500 */
  readonly numRuns?: number;
}

/** Whether some history breaks that invariant, or any; what else it breaks is no matter. */
async function breaks(
  invariant: InvariantName | undefined,
  setting: Omit<Setting, 'limits'>,
  { twist, limits = smallLimits, faults = [], numRuns = 1_500 }: Hunt = {},
): Promise<boolean> {
  const calm = (command: Command): Command => ('fault' in command && !faults.includes(command.fault) ? { ...command, fault: 'none' } : command);
  const property = fc.asyncProperty(limits, history(120), async (chosen, commands) => {
    const twisted = commands.map((command) => calm(twist?.(command) ?? command));
    return keeps(invariant, playHistory(twisted, { limits: chosen, compares: false, probes: false, ...setting }));
  });
  const { failed } = await fc.check(property, { seed: SEED, numRuns, endOnFailure: true });
  return failed;
}

/** The same for calls at the same time, of the kinds named. */
async function breaksInRace(invariant: InvariantName, makeTrack: TrackMaker, ...kinds: readonly RaceCall['do'][]): Promise<boolean> {
  const property = fc.asyncProperty(fc.scheduler(), race(false), async (scheduler, plan) => {
    const calls = plan.calls.filter(([, call]) => kinds.includes(call.do));
    return keeps(invariant, runRace(scheduler, { ...plan, calls }, makeTrack));
  });
  const { failed } = await fc.check(property, { seed: SEED, numRuns: 1_000, endOnFailure: true });
  return failed;
}

/** Erases where a history would only look, and guesses wrong. */
function toErase(command: Command): Command {
  if (command.do === 'check') return { ...command, guess: 'wrong', attempt: 0 };
  if (command.do === 'start') return { ...command, to: 0 };
  return command.do === 'show' || command.do === 'unblock' ? { do: 'erase', service: 0, to: 0, fault: 'none' } : command;
}

/** Resends where a history would only look, and guesses wrong at the newest. */
function toResend(command: Command): Command {
  if (command.do === 'check') return { ...command, by: 'owner', which: 0, guess: 'wrong', attempt: 0 };
  if (command.do === 'start') return { ...command, outcome: 'sent' };
  const isIdle = command.do === 'show' || command.do === 'cancel' || command.do === 'unblock';
  return isIdle
    ? { do: 'resend', when: 'on_time', which: 0, by: 'owner', channel: 0, own: false, outcome: 'sent', takes: 'no_time', fault: 'none' }
    : command;
}

/** Sets the clock back where a history would only look, and guesses right. */
function toSetBack(command: Command): Command {
  if (command.do === 'check') return { ...command, guess: 'right' };
  if (command.do === 'show') return { do: 'back', by: 86_400_000 };
  return toErase(command);
}

/** Anything but a broken invariant is a fault of the test. */
async function keeps(invariant: InvariantName | undefined, played: Promise<unknown>): Promise<boolean> {
  try {
    await played;
    return true;
  } catch (error) {
    if (error instanceof Broken) return invariant !== undefined && error.invariant !== invariant;
    faults.push(error);
    return false;
  }
}

const faults: unknown[] = [];
afterEach(() => expect(faults.splice(0)).toEqual([]));

describe('a rule broken on purpose', () => {
  it.each<[InvariantName, string, (store: Store) => Store, Twist?]>([
    ['I1', 'an approval that no state guards', mutants.revives('approved')],
    ['I2', 'an old code that stays good', mutants.keepsOldCodes, (command) => (command.do === 'check' ? { ...command, guess: 'old' } : command)],
    ['I3', 'a guess that is judged and not charged', mutants.judgesWithoutCharging],
    ['I3', 'a guess that is not charged to its destination', mutants.forgetsWrongGuesses],
    ['I3', 'a run of wrong guesses that disables nothing', mutants.forgetsRuns],
    ['I3', 'an erase that hands out guesses', mutants.eraseReturns('wrong'), toErase],
    ['I4', 'a canceled verification that lives on', mutants.revives('canceled')],
    ['I5', 'a resend that resets the budget of sends', mutants.resendReturnsSends],
    ['I5', 'messages of a verification that are not counted', mutants.forgetsMessages, toResend],
    ['I5', 'an erase that hands out messages', mutants.eraseReturns('sends'), toErase],
    ['I5', 'an unknown send that gives its rung back', mutants.unknownGivesBack],
    ['I5', 'a refused send that is given back each time', mutants.forgetsReturned],
    ['I5', 'refused sends that are given back once to each requester', mutants.returnsToEach],
    ['I6', 'an approval that is forgotten', mutants.forgetsApprovals],
    ['I8', 'a clock that is trusted when it goes back', mutants.trustsTheClock, toSetBack],
  ])('%s sees %s', async (invariant, _what, wrap, twist) => {
    expect(await breaks(invariant, { openStore: onMemory(wrap) }, { ...(twist && { twist }) })).toBe(true);
  });

  it('I3 sees a resend that resets the guesses', async () => {
    const hunt = { twist: toResend, limits: fc.constant(OPEN) };
    expect(await breaks('I3', { openStore: onMemory(mutants.resendReturnsGuesses) }, hunt)).toBe(true);
  });

  it('I7 sees a restart that forgets ladders and budgets', async () => {
    expect(await breaks('I7', { openStore: mutants.forgetsOnRestart })).toBe(true);
  });

  it('I12 sees a service that is not looked at', async () => {
    expect(await breaks('I12', { openStore: onMemory(), broken: { toService: () => 'shop' } })).toBe(true);
  });

  it('I14 sees a message that leaves while the store is down', async () => {
    expect(await breaks('I14', { openStore: onMemory(), broken: { pretends: true } }, { faults: ['down'] })).toBe(true);
  });

  it('I17 sees a record whose time runs ahead', async () => {
    const wrap = mutants.runsAhead;
    expect(await breaks('I17', { openStore: onMemory(wrap), probes: true, broken: { wrapCopy: wrap } })).toBe(true);
  });

  it('is seen nowhere where nothing is broken', async () => {
    expect(await breaks(undefined, { openStore: onMemory(), probes: true }, { faults: ['down'], numRuns: 100 })).toBe(false);
  });

  it.each<[InvariantName, readonly RaceCall['do'][]]>([
    ['I1', ['check']],
    ['I3', ['check']],
    ['I4', ['check', 'cancel']],
    ['I5', ['start', 'resend']],
    ['I6', ['check', 'resend', 'pass']],
  ])('%s sees a write that does not look at the version', async (invariant, kinds) => {
    expect(await breaksInRace(invariant, versionedTrack({ checksVersion: false }), ...kinds)).toBe(true);
  });

  it.each<[InvariantName, string, (store: Store) => Store]>([
    ['I1', 'an approval that no state guards', mutants.revives('approved')],
    ['I3', 'a guess that is judged and not charged', mutants.judgesWithoutCharging],
  ])('%s sees %s, at the same time', async (invariant, _what, wrap) => {
    expect(await breaksInRace(invariant, memoryTrack(wrap), 'check')).toBe(true);
  });
});

describe('versions after a dump was restored', () => {
  it('I6: an approval outlives a process that still holds a record of the lost time', async () => {
    for (const [lost, made] of LOST_AND_MADE) expect(await approvalOutlives(lost, made, {})).toBe(true);
  });

  it('I6 sees versions that are counters only', async () => {
    const outlives = await Promise.all(LOST_AND_MADE.map(([lost, made]) => approvalOutlives(lost, made, { random: (size) => new Uint8Array(size) })));
    expect(outlives).toEqual(LOST_AND_MADE.map(([lost, made]) => lost !== made));
  });
});

/** Writes that the dump has lost, and writes made after it was restored. */
const LOST_AND_MADE = [1, 2, 3].flatMap((lost) => [1, 2, 3].map((made) => [lost, made] as const));

/**
 * One process writes, a dump from before that is restored, and another process writes instead and approves. Then the first makes a guess on what it
 * remembers. Whether the approval is still there.
 */
async function approvalOutlives(lost: number, made: number, weakness: Weakness): Promise<boolean> {
  const clock = createFakeClock();
  const world = createVersionedWorld(clock, async () => {}, weakness);
  const provider = new ScriptedProvider(clock);
  const open = (process: number): Verifier => openVerifier(world.open(process), provider, 'shop', ['k0'], DEFAULT_LIMITS);
  const [first, second] = [open(0), open(1)];
  const started = await first.start({ to: PLACES[0].to });
  if (started.status !== 'pending') throw new Error(started.reason);
  const { id } = started;
  const code = provider.handed[0]?.code ?? '';
  const guess = async (verifier: Verifier, off: number) => {
    const wrong = ((Number(code) + off) % 1_000_000).toString().padStart(6, '0');
    return (await verifier.check({ id, code: wrong })).status;
  };
  const dump = new Map(world.records);
  for (let off = 1; off <= lost; off += 1) await guess(first, off);
  world.records.clear();
  for (const [key, record] of dump) world.records.set(key, record);
  for (let off = 1; off < made; off += 1) await guess(second, off);
  if ((await second.check({ id, code })).status !== 'approved') throw new Error('the right code was not approved');
  await guess(first, 9);
  return (await open(2).show({ id })).status === 'approved';
}
