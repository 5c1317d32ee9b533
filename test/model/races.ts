import fc, { type Scheduler } from 'fast-check';
import { CHANNELS } from '../../src/core/destination.ts';
import { CountersignError } from '../../src/core/errors.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import type { DeliveryRecord, DestinationRecord, VerificationRecord } from '../../src/engine/record.ts';
import { decodeRecord } from '../../src/engine/record-codec.ts';
import type { Verifier } from '../../src/engine/verifier.ts';
import type { Provider, ProviderSendResult } from '../../src/providers/provider.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { Broken } from './invariants.ts';
import { createScheduledStore, createVersionedWorld, type Fate, type Pause, toPause, type Weakness } from './scheduled-store.ts';
import { openVerifier } from './world.ts';

/** Several calls at once on one destination, by several processes, in every order that the scheduler thinks of. */

const TO = '+14155552671';
const PURPOSE = 'login';

/** One pool for everyone, and a ladder that a race can climb. */
const RACE_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  ...{ guessesPerVerification: 3, wrongPerHour: 4, sendsPerHour: 3, ladder: [60_000, 120_000, 900_000], knownRequesters: 0 },
};

export type RaceCall =
  /** `off` 0: the right code. */
  | { readonly do: 'check'; readonly off: number; readonly attempt: 0 | 1 }
  | { readonly do: 'start'; readonly requester: 'alice' | 'bob' | undefined }
  | { readonly do: 'resend' | 'cancel' }
  | { readonly do: 'pass'; readonly by: number };

/** What happens at once, after what has happened before. */
export interface Race {
  readonly requester: 'alice' | undefined;
  /** Wrong guesses made before. */
  readonly guessed: number;
  /** Milliseconds between the start and the race. */
  readonly waited: number;
  /** Each with the number of its process. */
  readonly calls: readonly (readonly [process: number, call: RaceCall])[];
  readonly outcomes: readonly ProviderSendResult['status'][];
  /** What becomes of each process's calls of the database, in turn. */
  readonly fates: readonly (readonly Fate[])[];
}

const call: fc.Arbitrary<RaceCall> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('check' as const), off: fc.nat(3), attempt: fc.constantFrom(0 as const, 1 as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('start' as const), requester: fc.constantFrom('alice' as const, 'bob' as const, undefined) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('resend' as const, 'cancel' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), by: fc.constantFrom(1, 30_000, 60_000, 500_000) }) },
);
const fate = fc.constantFrom<Fate>('well', 'well', 'well', 'not_done', 'done', 'done_later', 'deadlock');

/** @param loses whether calls of the database may be lost. */
export function race(loses: boolean): fc.Arbitrary<Race> {
  return fc.record<Race>({
    requester: fc.constantFrom('alice' as const, undefined),
    guessed: fc.nat(2),
    waited: fc.constantFrom(1, 59_999, 60_000, 300_000, 599_999),
    calls: fc.array(fc.tuple(fc.nat(2), call), { minLength: 2, maxLength: 6, size: 'max' }),
    outcomes: fc.array(fc.constantFrom<ProviderSendResult['status']>('sent', 'sent', 'refused', 'unknown'), { minLength: 6, maxLength: 6 }),
    fates: loses ? fc.array(fc.array(fate, { maxLength: 6, size: 'max' }), { minLength: 3, maxLength: 3 }) : fc.constant([]),
  });
}

/** Where a race takes place. */
export interface Track {
  /** A process's store. */
  open(process: number, fates?: readonly Fate[]): Store;
  /** The one destination's record as it is in the store. */
  body(): Promise<string | undefined>;
}

export type TrackMaker = (clock: FakeClock, pause: Pause) => Track;

/** Processes that share a store in memory; `wrap` breaks it on purpose. */
export function memoryTrack(wrap: (store: Store) => Store = (store) => store): TrackMaker {
  return (clock, pause) => {
    const inner = createMemoryStore({ clock });
    const store = wrap(inner);
    const body = async () => (await inner.list('destination', '', undefined, 1))[0]?.body;
    return { open: (process) => createScheduledStore(store, pause, process), body };
  };
}

/** Processes with a compare-and-set loop each over one database. */
export function versionedTrack(weakness: Weakness = {}): TrackMaker {
  return (clock, pause) => {
    const world = createVersionedWorld(clock, pause, weakness);
    const body = async () => [...world.records].find(([key]) => key.startsWith('destination\0'))?.[1].body;
    return { open: world.open, body };
  };
}

/** What was seen from outside. */
interface Seen {
  readonly answers: { readonly call: RaceCall; readonly answer: { status: string; thrown?: string } }[];
  readonly events: { readonly type: string; readonly id: string; readonly right?: boolean }[];
  readonly handed: string[];
}

/** Runs a race to its end and looks at what is left. Throws {@link Broken} where an invariant does not hold. */
export async function runRace(scheduler: Scheduler, plan: Race, makeTrack: TrackMaker, limits: Limits = RACE_LIMITS): Promise<void> {
  const clock = createFakeClock();
  let racing = false;
  const pause = toPause(scheduler);
  const track = makeTrack(clock, async (label) => (racing ? pause(label) : undefined));
  const seen: Seen = { answers: [], events: [], handed: [] };
  const codes: string[] = [];
  const provider = createProvider(plan.outcomes, seen, codes, (label) => (racing ? pause(label) : Promise.resolve()));
  const verifiers = [0, 1, 2].map((process) => openVerifier(track.open(process, plan.fates[process]), provider, 'shop', ['k0'], limits));
  const referee = openVerifier(track.open(3), provider, 'shop', ['k0'], limits);
  for (const verifier of [...verifiers, referee]) listen(verifier, seen);

  const { requester } = plan;
  const started = await referee.start({ to: TO, purpose: PURPOSE, requester });
  if (started.status !== 'pending') throw new Error(`the first start was ${started.status}`);
  const [id, code] = [started.id, codes[0] ?? ''];
  for (let off = 1; off <= plan.guessed; off += 1) await referee.check({ id, code: toCode(code, off + 5), purpose: PURPOSE, requester });
  clock.advance(plan.waited);

  racing = true;
  const make = (verifier: Verifier, made: RaceCall) => toPromise(verifier, made, { id, code, requester }, clock, pause);
  const calls = plan.calls.map(async ([process, made]) => {
    const answer = await make(verifiers[process] ?? referee, made);
    if (made.do !== 'pass') seen.answers.push({ call: made, answer });
  });
  await scheduler.waitFor(Promise.all(calls));
  await scheduler.waitIdle();
  racing = false;
  const record = decodeRecord((await track.body()) ?? '');
  const verification = record.verifications.find((other) => other.createdAt === Math.min(...record.verifications.map(({ createdAt }) => createdAt)));
  if (verification === undefined) throw new Broken('I6', 'the verification is gone');
  judgeGuesses(seen, verification, id, record, limits);
  judgeStates(seen, verification);
  judgeSends(seen, record, limits);
}

function createProvider(outcomes: readonly ProviderSendResult['status'][], { handed }: Seen, codes: string[], pause: Pause): Provider {
  return {
    name: 'racing',
    channels: CHANNELS,
    async send({ deliveryId, code }) {
      const status = handed.length === 0 ? 'sent' : (outcomes[handed.length] ?? 'sent');
      handed.push(deliveryId);
      codes.push(code.reveal());
      await pause('a message is sent');
      if (status === 'refused') return { status, permanent: false };
      return status === 'sent' ? { status, sender: 'racing' } : { status };
    },
  };
}

function listen(verifier: Verifier, { events }: Seen): void {
  for (const type of ['started', 'checked', 'approved', 'canceled', 'expired'] as const) {
    verifier.on(type, (event) => void events.push({ type, id: event.id, ...('right' in event && { right: event.right }) }));
  }
}

async function toPromise(
  verifier: Verifier,
  made: RaceCall,
  { id, code, requester }: { id: string; code: string; requester: 'alice' | undefined },
  clock: FakeClock,
  pause: Pause,
): Promise<{ status: string; thrown?: string }> {
  const purpose = PURPOSE;
  try {
    if (made.do === 'pass') {
      await pause('time passes');
      clock.advance(made.by);
      return { status: 'passed' };
    }
    if (made.do === 'start') return await verifier.start({ to: TO, purpose, requester: made.requester });
    if (made.do !== 'check') return await verifier[made.do]({ id, purpose, requester });
    return await verifier.check({ id, code: toCode(code, made.off), purpose, requester, attemptId: made.attempt === 1 ? 'attempt-one' : undefined });
  } catch (error) {
    if (error instanceof CountersignError && /^(?:store|provider)_/.test(error.code)) return { status: 'thrown', thrown: error.code };
    throw error;
  }
}

/** I1, I3: approvals and guesses, by what was answered, what was emitted and what is charged. */
function judgeGuesses(
  { answers, events }: Seen,
  { wrong, state }: VerificationRecord,
  id: string,
  { shared }: DestinationRecord,
  limits: Limits,
): void {
  const approvals = answers.filter(({ call: made, answer }) => made.do === 'check' && answer.status === 'approved');
  const once = new Set(approvals.map(({ call: made }, index) => (made.do === 'check' && made.attempt === 1 ? 'attempt' : index)));
  if (once.size > 1) throw new Broken('I1', `${approvals.length} calls were answered approved`);
  if (events.filter(({ type }) => type === 'approved').length > 1) throw new Broken('I1', 'approved more than once');
  const compared = events.filter((event) => event.type === 'checked' && event.id === id);
  const told = compared.filter(({ right }) => right === false).length;
  if (compared.length > limits.guessesPerVerification) throw new Broken('I3', `${compared.length} guesses were compared`);
  if (told > wrong) throw new Broken('I3', `${told} wrong guesses were answered and ${wrong} charged`);
  if (wrong > limits.guessesPerVerification || shared.wrong.length > limits.wrongPerHour) throw new Broken('I3', 'more guesses charged than allowed');
  if (shared.wrong.length < wrong) throw new Broken('I3', 'a guess was not charged to the destination');
  if (state === 'pending' && wrong >= limits.guessesPerVerification) throw new Broken('I3', 'pending after its last guess');
}

/** I4, I6: whatever an answer said had ended has ended so. */
function judgeStates({ answers }: Seen, { state }: VerificationRecord): void {
  const terminal = new Set(['approved', 'already_approved', 'expired', 'max_attempts_reached', 'canceled', 'failed']);
  for (const { call: made, answer } of answers) {
    if (made.do === 'start' || !terminal.has(answer.status)) continue;
    const said = answer.status === 'already_approved' ? 'approved' : answer.status;
    if (said !== state) throw new Broken(said === 'approved' ? 'I6' : 'I4', `${made.do} was answered ${answer.status}, and it is ${state}`);
  }
}

/** I5: each message was claimed before it left, and the claims keep their distance. */
function judgeSends({ handed }: Seen, record: DestinationRecord, limits: Limits): void {
  const claims = record.verifications.flatMap((verification) => verification.deliveries.map((delivery) => ({ ...delivery, verification })));
  for (const deliveryId of handed) {
    if (!claims.some(({ id }) => `VL${id}` === deliveryId)) throw new Broken('I5', 'a message left that nobody had claimed');
  }
  if (new Set(handed).size !== handed.length) throw new Broken('I5', 'a message left twice');
  const out = claims.filter(({ state }) => state !== 'refused').sort((a, b) => a.at - b.at);
  assertApart(out, limits.sendSpacing, 'two messages');
  if (out.length > limits.sendsPerHour) throw new Broken('I5', `${out.length} messages in an hour`);
  if (out.length > record.shared.sends.length) throw new Broken('I5', 'a message is not charged');
  for (const requester of new Set(out.map(({ verification }) => verification.requester))) {
    const own = out.filter(({ verification }) => verification.requester === requester);
    // An approval ends the ladder.
    if (!own.some(({ verification }) => verification.state === 'approved')) assertApart(own, limits.ladder[0] ?? 0, 'two messages of one ladder');
  }
}

function assertApart(messages: readonly DeliveryRecord[], least: number, what: string): void {
  for (const [index, { at }] of messages.entries()) {
    const gap = at - (messages[index - 1]?.at ?? Number.NEGATIVE_INFINITY);
    if (gap < least) throw new Broken('I5', `${what} ${gap} ms apart, ${least} at least`);
  }
}

/** A code that is not the right one, unless `off` is 0. */
function toCode(code: string, off: number): string {
  return ((BigInt(code) + BigInt(off)) % 10n ** BigInt(code.length)).toString().padStart(code.length, '0');
}
