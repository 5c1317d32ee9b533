import fc from 'fast-check';
import { expect } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../src/core/duration.ts';
import { CountersignError } from '../src/core/errors.ts';
import { createResendRule, createStartRule, type ResendCommand, type ResendOutcome, type StartCommand } from '../src/engine/begin.ts';
import { createCancelRule } from '../src/engine/cancel.ts';
import type { Claim, ClaimOutcome, Refusal } from '../src/engine/claim-send.ts';
import { createClearRule, createEraseRule } from '../src/engine/clear.ts';
import { type CompleteOutcome, createCompleteRule } from '../src/engine/complete.ts';
import { decideRecord, viewRecord } from '../src/engine/decide-record.ts';
import { findVerification, toFind, type VerificationClaim } from '../src/engine/find-verification.ts';
import { type Attempt, createJudgeRule, type JudgeCommand, type JudgeOutcome } from '../src/engine/judge.ts';
import { DEFAULT_LIMITS, type Limits } from '../src/engine/limits.ts';
import {
  type CodeRecord,
  createRecord,
  type DeliveryRecord,
  type DestinationRecord,
  EMPTY_POOL,
  type LadderRecord,
  type Pool,
  type VerificationRecord,
} from '../src/engine/record.ts';
import type { Rule, RuleEvent, RuleResult, SettledState } from '../src/engine/rule.ts';
import type { JournalEntry } from '../src/stores/store.ts';

/** A whole minute, so that a test sees what is rounded up to one. */
export const T0: number = Date.UTC(2026, 0, 1);

/** Freezes a value all the way down: what a rule changes in its argument then throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(Object.freeze(value))) deepFreeze(part);
  return value;
}

/** A verification started at {@link T0}, with no message yet. */
export function makeVerification(given: Partial<VerificationRecord> = {}): VerificationRecord {
  return deepFreeze({
    entryId: 'entry',
    service: 'default',
    purpose: 'default',
    requester: undefined,
    destination: 'destination-key',
    masked: '+1********71',
    channel: 'sms',
    state: 'pending',
    createdAt: T0,
    expiresAt: T0 + DEFAULT_LIMITS.life,
    endedAt: undefined,
    code: { keyId: 'key', length: 6, generation: 0, guessed: false, digest: undefined },
    wrong: 0,
    deliveries: [],
    sealed: 'sealed',
    attempts: [],
    judge: undefined,
    binding: undefined,
    note: undefined,
    ...given,
  });
}

export function makeDelivery(given: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return deepFreeze({ id: 'delivery', channel: 'sms', state: 'sent', at: T0, before: undefined, ...given });
}

export function makeLadder(given: Partial<LadderRecord> = {}): LadderRecord {
  return deepFreeze({ requester: '', step: 1, at: T0, ...given });
}

export function makePool(given: Partial<Pool> = {}): Pool {
  return deepFreeze({ ...EMPTY_POOL, ...given });
}

/** A record at a time (of its own, which its clock agrees with). */
export function makeRecord(given: Partial<DestinationRecord> = {}, now: number = T0): DestinationRecord {
  return deepFreeze({ ...createRecord(now), ...given });
}

/** Runs a rule on what it may not change, twice: a rule may run more than once, and says the same each time. */
export function runRule<O>(rule: Rule<O>, record: DestinationRecord): RuleResult<O> {
  const result = rule(deepFreeze(record));
  expect(rule(record)).toEqual(result);
  return deepFreeze(result);
}

/** The one error that is thrown, with its code; anything else fails the test. */
export function errorOf(act: () => unknown): CountersignError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    return error as CountersignError;
  }
  throw new Error('expected a CountersignError');
}

/** The same for what rejects. */
export async function rejectionOf(promise: Promise<unknown>): Promise<CountersignError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CountersignError);
  return error as CountersignError;
}

/** A guess at a verification by its id, as tests say it. */
export interface Guess extends Partial<VerificationClaim> {
  /** Whether the submitted code is the one alive. */
  readonly right?: boolean;
  readonly length?: number;
  readonly matches?: (code: CodeRecord) => boolean;
  readonly open?: JudgeCommand['open'];
  readonly attempt?: Attempt | undefined;
  /** The name of the provider that may be asked. */
  readonly provider?: string;
  readonly askId?: string;
}

/** The command of a guess. */
export function toJudgeCommand(entryId: string, guess: Guess = {}): JudgeCommand {
  const { right = false, length = 6, matches = () => right, open = ({ masked }) => `opened ${masked}`, attempt, provider, askId, ...owner } = guess;
  return {
    find: (record) => findVerification(record, { ...claimOf(entryId), ...owner }),
    length,
    matches: ({ code }) => matches(code),
    open,
    attempt: attempt && (() => attempt),
    ask: provider === undefined ? undefined : { provider, askId: askId ?? 'ask' },
  };
}

export type StartGiven = Partial<Omit<StartCommand, 'seal' | 'knowsKey'>>;

/**
 * One destination's record on a clock that a test sets: commands are decided as a store would run them, text in and text out, so that whatever a rule
 * leaves out of the record is gone at the next command.
 */
export class Desk {
  clock: number;
  body: string | undefined;
  /** Of the last command. */
  expiresAt: number | undefined;
  wrote = false;
  events: readonly RuleEvent[] = [];
  entries: readonly JournalEntry[] = [];
  /** Which keys a start accepts. */
  knowsKey: (keyId: string) => boolean = () => true;
  readonly limits: Limits;
  #count = 0;

  constructor(limits: Partial<Limits> = {}, clock: number = T0) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.clock = clock;
  }

  run<O>(rule: Rule<O>): O {
    const { result, next, entries } = decideRecord((record) => runRule(rule, record), this.limits)(this.body, this.clock);
    this.events = result.events;
    this.entries = entries ?? [];
    this.wrote = next !== undefined;
    if (next !== undefined) [this.body, this.expiresAt] = [next.body, next.expiresAt];
    return result.outcome;
  }

  view(): DestinationRecord {
    return viewRecord({ body: this.body, now: this.clock }, this.limits);
  }

  find(entryId: string): VerificationRecord {
    const found = this.view().verifications.find((verification) => verification.entryId === entryId);
    if (found === undefined) throw new Error(`the record holds no ${entryId}`);
    return found;
  }

  /** Claims a send; nothing is heard of the message. */
  start(given: StartGiven = {}): ClaimOutcome {
    this.#count += 1;
    const entryId = `entry${this.#count}`;
    const { masked, channel, destination } = makeVerification();
    const command: StartCommand = {
      ...{ entryId, service: 'default', purpose: 'default', requester: undefined, masked, channel, destination },
      ...{ deliveryId: `delivery${this.#count}`, keyId: 'key', give: undefined, judge: undefined, life: this.limits.life },
      knowsKey: this.knowsKey,
      seal: () => `sealed for ${entryId}`,
      ...given,
    };
    return this.run(createStartRule(command, this.limits));
  }

  resend(entryId: string, given: Partial<ResendCommand> = {}): ResendOutcome {
    this.#count += 1;
    const command = { deliveryId: `delivery${this.#count}`, keyId: 'key', give: undefined, judge: undefined, channel: undefined };
    return this.run(createResendRule({ ...claimOf(entryId), ...command, ...given }, this.limits));
  }

  complete(claim: Pick<Claim, 'verification' | 'delivery'>, state: SettledState = 'sent'): CompleteOutcome {
    return this.run(createCompleteRule({ entryId: claim.verification.entryId, deliveryId: claim.delivery.id, state }, this.limits));
  }

  /** Claims a send and hears that it was sent. */
  send(given: StartGiven = {}, state: SettledState = 'sent'): Claim {
    const claim = expectSend(this.start(given));
    this.complete(claim, state);
    return claim;
  }

  check(entryId: string, guess: Guess = {}): JudgeOutcome {
    return this.run(createJudgeRule(toJudgeCommand(entryId, guess), this.limits));
  }
}

export function claimOf(entryId: string): { entryId: string; service: string; purpose: string; requester: string | undefined } {
  return { entryId, service: 'default', purpose: 'default', requester: undefined };
}

export function expectSend(outcome: ResendOutcome): Claim {
  expect(outcome.kind).toBe('send');
  return outcome as Claim;
}

export function expectRefusal(outcome: ResendOutcome): Refusal {
  expect(outcome.kind).toBe('refused');
  return outcome as Refusal;
}

/** Limits under which nothing is in the way of a send but its spacing of one second. */
export const EASY: Partial<Limits> = {
  ladder: [1],
  sendSpacing: SECOND,
  sendsPerHour: 100,
  sendsPerDay: 100,
  knownSendsPerDay: 100,
  renewBefore: MINUTE,
};

/** One command, or a clock that is moved. `of` counts the sends so far from the newest. */
export type Step =
  | { readonly kind: 'start'; readonly requester: string | undefined; readonly purpose: string }
  | { readonly kind: 'complete'; readonly of: number; readonly state: SettledState }
  | { readonly kind: 'check'; readonly of: number; readonly right: boolean; readonly attemptId: string | undefined }
  | { readonly kind: 'resend' | 'cancel'; readonly of: number }
  | { readonly kind: 'clear' | 'erase' }
  | { readonly kind: 'wait'; readonly by: number };

const of = fc.nat(5);
const requester = fc.constantFrom(undefined, 'ada', 'bob', 'eve');
const state = fc.constantFrom<SettledState>('sent', 'refused', 'unknown');

/** The clock goes forth by up to two days, and back by up to an hour. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const), requester, purpose: fc.constantFrom('default', 'login') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('complete' as const), of, state }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('check' as const), of, right: fc.boolean(), attemptId: fc.constantFrom(undefined, 'again') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('resend' as const, 'resend' as const, 'cancel' as const), of }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('clear' as const, 'erase' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      by: fc.oneof(fc.nat(5 * MINUTE), fc.nat(2 * DAY), fc.integer({ min: -HOUR, max: 0 })),
    }),
  },
);

/** Takes a step at a desk and says what came of it. `claims` are the sends so far, the newest last. */
export function takeStep(desk: Desk, step: Step, claims: Claim[]): unknown {
  const claim = 'of' in step ? claims.at(-1 - step.of) : undefined;
  if ('of' in step && claim === undefined) return undefined;
  const { entryId, purpose, requester: claimant } = claim?.verification ?? makeVerification();
  const owner = { purpose, requester: claimant };
  const sent = <T extends ResendOutcome>(outcome: T): T => {
    if (outcome.kind === 'send') claims.push(outcome);
    return outcome;
  };
  switch (step.kind) {
    case 'start':
      return sent(desk.start({ requester: step.requester, purpose: step.purpose }));
    case 'resend':
      return sent(desk.resend(entryId, owner));
    case 'complete':
      return claim && desk.complete(claim, step.state);
    case 'check':
      return desk.check(entryId, { ...owner, right: step.right, attempt: plainAttempt(step.attemptId, step.right) });
    case 'cancel':
      return desk.run(createCancelRule(toFind({ ...claimOf(entryId), ...owner })));
    case 'wait':
      desk.clock += step.by;
      return undefined;
    default: {
      const command = { service: 'default', destination: 'destination-key' };
      return desk.run(step.kind === 'clear' ? createClearRule(command) : createEraseRule(command));
    }
  }
}

/** An attempt as the vault makes one, without its cryptography: what is sealed for one attempt opens for that one alone. */
function plainAttempt(attemptId: string | undefined, right: boolean): Attempt | undefined {
  if (attemptId === undefined) return undefined;
  return {
    key: `id ${attemptId}`,
    guessKey: `guess ${attemptId} ${right}`,
    seal: (destination) => `sealed ${destination}`,
    open: (sealed) => sealed.slice(7),
  };
}
