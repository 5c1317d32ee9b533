import fc from 'fast-check';
import { createResendRule, createStartRule } from '../../src/engine/begin.ts';
import { createCancelRule } from '../../src/engine/cancel.ts';
import { createClearRule, createEraseRule } from '../../src/engine/clear.ts';
import { createCompleteRule } from '../../src/engine/complete.ts';
import { decideRecord, type ToEntry } from '../../src/engine/decide-record.ts';
import { findVerification, toFind } from '../../src/engine/find-verification.ts';
import { createJudgeRule } from '../../src/engine/judge.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import type { Rule, SettledState } from '../../src/engine/rule.ts';
import type { Decide } from '../../src/stores/store.ts';
import type { Act, Caller } from './linearizability.ts';

/** Small, so that a dozen calls come to an end of each kind. */
const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  ladder: [1_000, 60_000],
  sendSpacing: 1,
  sendsPerHour: 4,
  guessesPerVerification: 3,
  wrongPerHour: 5,
  wrongInARow: 4,
};

/** How far ahead of the store's clock a call is decided: at the same time as others, or when a rung has passed, or a life. */
const AHEAD = [0, 0, 0, 1_000, 61_000, 660_000] as const;

const DESTINATION = { service: 'default', destination: 'the keyed hash' };

/** Two requesters, one of them without a name, and two ids of each: whatever a call wants is known before it is made. */
const claimOf = (whose: number, no: number) => ({
  entryId: `entry${whose}${no}`,
  service: 'default',
  purpose: 'default',
  requester: whose === 0 ? undefined : 'requester',
});

/** Acts on one record, by the rules of the engine: nothing in them is random, so that each can be decided again, anywhere. */
const ACTS: readonly ((whose: number, no: number) => readonly [string, Rule<unknown>])[] = [
  start,
  start,
  (whose, no) => ['resend', createResendRule({ ...claimOf(whose, no), ...toSend(`again${whose}${no}`), channel: undefined }, LIMITS)],
  (whose, no) => complete(whose, no, 'sent'),
  (whose, no) => complete(whose, no, 'refused'),
  (whose, no) => ['judge right', judge(whose, no, true)],
  (whose, no) => ['judge right', judge(whose, no, true)],
  (whose, no) => ['judge wrong', judge(whose, no, false)],
  (whose, no) => ['judge wrong', judge(whose, no, false)],
  (whose, no) => ['judge wrong', judge(whose, no, false)],
  (whose, no) => ['cancel', createCancelRule(toFind(claimOf(whose, no)))],
  () => ['unblock', createClearRule(DESTINATION)],
  () => ['erase', createEraseRule(DESTINATION)],
];

function start(whose: number, no: number): readonly [string, Rule<unknown>] {
  const command = {
    ...claimOf(whose, no),
    ...toSend(`delivery${whose}${no}`),
    ...{
      destination: DESTINATION.destination,
      masked: '+1********71',
      channel: 'sms' as const,
      life: LIMITS.life,
      knowsKey: () => true,
      seal: () => 'sealed',
    },
  } as const;
  return ['start', createStartRule(command, LIMITS)];
}

function complete(whose: number, no: number, state: SettledState): readonly [string, Rule<unknown>] {
  return [`complete ${state}`, createCompleteRule({ entryId: claimOf(whose, no).entryId, deliveryId: `delivery${whose}${no}`, state }, LIMITS)];
}

/** A guess that goes by nothing but whether it is to be right. */
function judge(whose: number, no: number, isRight: boolean): Rule<unknown> {
  const find = (record: Parameters<Rule<unknown>>[0]) => findVerification(record, claimOf(whose, no));
  return createJudgeRule({ find, length: LIMITS.codeLength, matches: () => isRight, open: () => '+14155552671', ask: undefined }, LIMITS);
}

function toSend(deliveryId: string) {
  return { deliveryId, keyId: 'key1', give: undefined, judge: undefined };
}

const toEntry: ToEntry = ({ type }, { clock }) => ({ ...DESTINATION, at: clock, type, data: '{}' });

/** Decided by the clock, and so much ahead of it. */
function toDecide(rule: Rule<unknown>, ahead: number): Decide<unknown> {
  const decide = decideRecord(rule, LIMITS, { toEntry });
  return (current, now) => decide(current, now + ahead);
}

const LOOK: Act = { label: 'read', decide: (current) => ({ result: current }), looks: true };

/** Nine of ten are about the first verification. */
const first = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) });
const ahead = fc.constantFrom(...AHEAD);
const turns = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) });

const act: fc.Arbitrary<Act & { readonly turns: number }> = fc
  .record({ which: fc.nat(ACTS.length), whose: first, no: first, ahead, turns })
  .map(({ which, whose, no, ahead, turns }) => {
    const make = ACTS[which];
    if (make === undefined) return { ...LOOK, turns };
    const [label, rule] = make(whose, no);
    return { label: `${label} ${whose}${no} at +${ahead}`, decide: toDecide(rule, ahead), turns };
  });

const START = { label: 'start 00 at +0', decide: toDecide(start(0, 0)[1], 0), turns: 0 };

/** Two to four callers, each at a handle of its own where there are as many, with twelve calls at most between them. One begins with a start. */
export const callers: fc.Arbitrary<readonly Caller[]> = fc.integer({ min: 2, max: 4 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, handle) => {
      const acts = fc.array(act, { minLength: 1, maxLength: 12 / count - (handle === 0 ? 1 : 0), size: 'max' });
      return fc.record<Caller>({ handle: fc.constant(handle), acts: acts.map((made) => (handle === 0 ? [START, ...made] : made)) });
    }),
  ),
);
