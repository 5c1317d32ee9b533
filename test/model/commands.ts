import fc from 'fast-check';
import type { Limits } from '../../src/engine/limits.ts';

/** What a history is made of: plain data, so that a failing one is printed, shrunk and run again as it stands. */

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

/** What becomes of a message. `crash`: the process dies before the sender has answered. */
export type SendOutcome = 'sent' | 'refused' | 'rejected' | 'unknown' | 'throws' | 'crash';

/** `down`: no call gets through. `breaks`: only the first update does. `loses`: the first update is done and its reply lost for good. */
export type StoreFault = 'none' | 'down' | 'breaks' | 'loses';

/** A guess as it is made; `old` is a code that a resend has replaced. */
export type Guess = 'right' | 'wrong' | 'old' | 'wrong_length' | 'malformed';

/** How long a message takes: not at all, a second, or about as long as one may be under way. */
export type Takes = 'no_time' | 'a_second' | 'just_in_time' | 'just_too_long' | 'too_long';

/** Who calls: whoever started the verification, or somebody else in one respect. */
export type Caller = 'owner' | 'other_requester' | 'other_purpose' | 'other_service';

/** When a call is made: at once, or at the time that the last answer named, or just before that. */
export type When = 'now' | 'just_before' | 'on_time';

interface SendPlan {
  readonly when: When;
  readonly channel: 0 | 1 | 2;
  readonly own: boolean;
  readonly outcome: SendOutcome;
  readonly takes: Takes;
  readonly fault: StoreFault;
}

/** Which verification, counted from the newest; or an id that was never given, or none at all. */
type Which = number | 'invented' | 'garbage';

export interface StartCommand extends SendPlan {
  readonly do: 'start';
  readonly service: 0 | 1;
  readonly to: number;
  readonly purpose: 0 | 1;
  /** 0: none. */
  readonly requester: number;
}

export interface ResendCommand extends SendPlan {
  readonly do: 'resend';
  readonly which: Which;
  readonly by: Caller;
}

export interface CheckCommand {
  readonly do: 'check';
  readonly when: When;
  readonly which: Which;
  readonly by: Caller;
  readonly guess: Guess;
  /** Which of the wrong codes. */
  readonly off: number;
  /** 0: none. */
  readonly attempt: number;
  readonly fault: StoreFault;
}

/** The last check once more, to the letter. */
export interface AgainCommand {
  readonly do: 'again';
  readonly fault: StoreFault;
}

export interface LookCommand {
  readonly do: 'cancel' | 'show' | 'approve';
  readonly which: Which;
  readonly by: Caller;
  readonly fault: StoreFault;
}

export interface OperatorCommand {
  readonly do: 'unblock' | 'erase';
  readonly service: 0 | 1;
  readonly to: number;
  readonly fault: StoreFault;
}

export interface PassCommand {
  readonly do: 'forward' | 'back';
  readonly by: number;
}

/** To a time that an answer has named, or that a limit ends at; `mark` counts from the latest named. */
export interface EdgeCommand {
  readonly do: 'edge';
  readonly mark: number;
  readonly off: -1 | 0 | 1;
}

export type ProcessCommand = { readonly do: 'restart' | 'rotate' | 'retire' | 'sweep' };

export type Command =
  | StartCommand
  | ResendCommand
  | CheckCommand
  | AgainCommand
  | LookCommand
  | OperatorCommand
  | PassCommand
  | EdgeCommand
  | ProcessCommand;

const oneOf = <T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const weighted = <T>(...choices: readonly (readonly [number, T])[]): fc.Arbitrary<T> =>
  oneOf(...choices.map(([weight, value]) => [weight, fc.constant(value)] as const));

const fault = weighted<StoreFault>([40, 'none'], [1, 'down'], [1, 'breaks'], [1, 'loses']);
const which = oneOf<Which>([40, fc.nat(2)], [1, fc.constantFrom<Which>('invented', 'garbage')]);
const by = weighted<Caller>([30, 'owner'], [1, 'other_requester'], [1, 'other_purpose'], [1, 'other_service']);
const binary = weighted<0 | 1>([3, 0], [1, 1]);
const place = weighted([4, 0], [3, 1], [3, 2], [2, 3]);

const plan = {
  channel: weighted<0 | 1 | 2>([6, 0], [1, 1], [1, 2]),
  own: weighted([12, false], [1, true]),
  outcome: weighted<SendOutcome>([10, 'sent'], [3, 'refused'], [1, 'rejected'], [2, 'unknown'], [1, 'throws'], [2, 'crash']),
  takes: weighted<Takes>([20, 'no_time'], [2, 'a_second'], [1, 'just_in_time'], [1, 'just_too_long'], [1, 'too_long']),
  fault,
};

const start = fc.record<StartCommand>({
  do: fc.constant('start'),
  when: weighted<When>([6, 'now'], [1, 'just_before'], [2, 'on_time']),
  service: binary,
  to: place,
  purpose: binary,
  requester: weighted([3, 0], [4, 1], [2, 2], [2, 3]),
  ...plan,
});
const resend = fc.record<ResendCommand>({
  do: fc.constant('resend'),
  when: weighted<When>([3, 'now'], [1, 'just_before'], [4, 'on_time']),
  which,
  by,
  ...plan,
});
const check = fc.record<CheckCommand>({
  do: fc.constant('check'),
  when: weighted<When>([12, 'now'], [1, 'just_before'], [1, 'on_time']),
  which,
  by,
  guess: weighted<Guess>([6, 'right'], [10, 'wrong'], [2, 'old'], [1, 'wrong_length'], [1, 'malformed']),
  off: fc.integer({ min: 1, max: 3 }),
  attempt: weighted([3, 0], [1, 1], [1, 2]),
  fault,
});
const again = fc.record<AgainCommand>({ do: fc.constant('again'), fault });
const look = fc.record<LookCommand>({ do: weighted<LookCommand['do']>([2, 'cancel'], [4, 'show'], [1, 'approve']), which, by, fault });
const operate = fc.record<OperatorCommand>({ do: weighted<'unblock' | 'erase'>([3, 'unblock'], [1, 'erase']), service: binary, to: place, fault });
const forward = fc.record<PassCommand>({
  do: fc.constant('forward'),
  by: weighted([6, 1], [6, SECOND], [6, 30 * SECOND], [4, MINUTE], [2, 10 * MINUTE], [2, HOUR], [2, DAY], [1, 400 * DAY]),
});
const back = fc.record<PassCommand>({
  do: fc.constant('back'),
  by: weighted([2, 1], [3, 5 * SECOND], [3, 90 * SECOND], [2, HOUR], [1, DAY + 1], [1, 365 * DAY]),
});
const edge = fc.record<EdgeCommand>({ do: fc.constant('edge'), mark: oneOf([3, fc.nat(3)], [1, fc.nat(11)]), off: fc.constantFrom(-1, 0, 1) });
const process = fc.record<ProcessCommand>({ do: weighted<ProcessCommand['do']>([2, 'restart'], [3, 'rotate'], [3, 'retire'], [2, 'sweep']) });

/** A call, the passing of time, or something that happens to the process. */
const command: fc.Arbitrary<Command> = oneOf<Command>(
  [22, start],
  [18, resend],
  [28, check],
  [5, again],
  [5, look],
  [2, operate],
  [8, edge],
  [6, forward],
  [2, back],
  [5, process],
);

/** A history of up to so many commands. */
export function history(maxLength: number): fc.Arbitrary<readonly Command[]> {
  return fc.array(command, { maxLength, size: 'max' });
}

const rungs = fc
  .array(weighted([1, 1], [2, SECOND], [3, 30 * SECOND], [3, 2 * MINUTE], [2, 15 * MINUTE], [1, DAY]), { minLength: 1, maxLength: 4, size: 'max' })
  .map((ladder) => ladder.sort((a, b) => a - b));

/** Any limits that are allowed, small: so that budgets end and destinations are disabled within a history. */
export const smallLimits: fc.Arbitrary<Limits> = fc.record<Limits>({
  codeLength: fc.integer({ min: 4, max: 10 }),
  life: weighted([1, MINUTE], [1, 5 * MINUTE], [2, 10 * MINUTE]),
  emailLife: weighted([1, MINUTE], [1, 10 * MINUTE], [1, DAY]),
  renewBefore: weighted([1, 1], [2, 20 * SECOND], [1, MINUTE - 1]),
  retention: weighted([1, MINUTE], [2, HOUR], [2, DAY], [1, 30 * DAY]),
  ladder: oneOf([8, rungs], [1, fc.constant<readonly number[]>([])]),
  sharedRung: weighted([1, 1], [2, MINUTE], [2, 15 * MINUTE]),
  sendSpacing: weighted([2, 1], [1, SECOND], [2, 30 * SECOND], [1, HOUR]),
  sendsPerHour: fc.integer({ min: 1, max: 6 }),
  sendsPerDay: fc.integer({ min: 1, max: 8 }),
  knownSendsPerDay: fc.integer({ min: 1, max: 8 }),
  sendsPerVerification: weighted<number | null>([4, null], [1, 1], [1, 2], [1, 3]),
  guessesPerVerification: fc.integer({ min: 1, max: 5 }),
  holdUsedUp: weighted([2, false], [1, true]),
  wrongPerHour: fc.integer({ min: 1, max: 8 }),
  wrongPerDay: fc.integer({ min: 1, max: 10 }),
  wrongInARow: fc.integer({ min: 1, max: 12 }),
  knownRequesters: fc.integer({ min: 0, max: 3 }),
  knownFor: weighted([1, MINUTE], [1, HOUR], [2, 180 * DAY], [1, 400 * DAY]),
  sendingFor: weighted([1, SECOND], [2, MINUTE], [1, 10 * MINUTE]),
  replayFor: weighted([1, 1], [2, MINUTE], [1, 10 * MINUTE]),
  resendPolicy: weighted<Limits['resendPolicy']>([3, 'repeat'], [1, 'rotate']),
  sharePending: weighted([3, false], [1, true]),
});
