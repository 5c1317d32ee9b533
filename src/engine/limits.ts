import { CODE_LENGTH } from '../core/codes.ts';
import { DAY, HOUR, isDuration, MAX_WAIT, MINUTE, SECOND } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';

/** Every limit of the engine. Durations are whole milliseconds. */
export interface Limits {
  /** Digits of a code, 4–10. Six: NIST SP 800-63B-4 §3.1.3.2 asks for at least six for a login; fewer are easier guessed, more are easier mistyped. */
  readonly codeLength: number;
  /** How long a verification by phone lives, 1 minute to 10 minutes: the ceiling of NIST SP 800-63B-4 §3.1.3.2 and OWASP ASVS 6.5.5. */
  readonly life: number;
  /** The same for an email address, at most 24 hours (NIST SP 800-63B-4 §4.2.1.2 for recovery codes by email). */
  readonly emailLife: number;
  /** With less life than this left a start closes the old verification and begins a new one: a code that ends before it is typed helps nobody. */
  readonly renewBefore: number;
  /** How long a verification that has ended is still answered for; then it is `not_found`. */
  readonly retention: number;
  /** The waits between sends to one destination for one requester. It never shrinks; when the last wait is over it begins again. Empty: there is no ladder. */
  readonly ladder: readonly number[];
  /** The longest rung of the ladder for starts without a requester: a stranger must not send an owner into a day's wait. */
  readonly sharedRung: number;
  /** Two sends to one destination are at least this far apart. As every budget it is shared by all requesters but the known ones, who have each their own. */
  readonly sendSpacing: number;
  /** Sends to one destination in any hour. */
  readonly sendsPerHour: number;
  /** Sends to one destination in any day. */
  readonly sendsPerDay: number;
  /** The same for a requester that was approved for the destination before, who does not share with strangers. */
  readonly knownSendsPerDay: number;
  /** Sends of one verification; with them used up it is neither sent again nor renewed before it expires. Null: as many as the rest allows. */
  readonly sendsPerVerification: number | null;
  /** Guesses at one verification. Five: PSD2 RTS Art. 4(3)(b). */
  readonly guessesPerVerification: number;
  /** Whether a verification whose guesses are used up keeps its owner from starting another before it would have expired. */
  readonly holdUsedUp: boolean;
  /** Wrong guesses at one destination in any hour. */
  readonly wrongPerHour: number;
  /** Wrong guesses at one destination in any day. Twenty at six digits: a chance of 2·10⁻⁵ a day. */
  readonly wrongPerDay: number;
  /** Wrong guesses in a row after which the destination is disabled until an operator clears it. NIST SP 800-63B-4 §3.2.2: at most 100. */
  readonly wrongInARow: number;
  /** How many requesters that were approved for a destination keep budgets of their own there, the newest first. */
  readonly knownRequesters: number;
  /** How long after its approval a requester stays known. */
  readonly knownFor: number;
  /** How long a message may be under way before its outcome counts as unknown. */
  readonly sendingFor: number;
  /** How long the same `attemptId` gets the same answer. */
  readonly replayFor: number;
  /** What a resend carries: `repeat` the same code while no wrong guess was made (late messages stay usable), or `rotate` to a new one each time. */
  readonly resendPolicy: 'repeat' | 'rotate';
  /** Whether starts without a requester share one pending verification. It hands one caller the id that another holds: only for Twilio's clients. */
  readonly sharePending: boolean;
}

/** What applies where nothing else is said. */
export const DEFAULT_LIMITS: Limits = {
  codeLength: 6,
  life: 10 * MINUTE,
  emailLife: 10 * MINUTE,
  renewBefore: 2 * MINUTE,
  retention: DAY,
  ladder: [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY],
  sharedRung: 15 * MINUTE,
  sendSpacing: 30 * SECOND,
  sendsPerHour: 5,
  sendsPerDay: 10,
  knownSendsPerDay: 20,
  sendsPerVerification: null,
  guessesPerVerification: 5,
  holdUsedUp: false,
  wrongPerHour: 10,
  wrongPerDay: 20,
  wrongInARow: 100,
  knownRequesters: 5,
  knownFor: 180 * DAY,
  sendingFor: MINUTE,
  replayFor: MINUTE,
  resendPolicy: 'repeat',
  sharePending: false,
};

/** A run of wrong guesses is forgotten this long after the last: 400 days. */
export const RUN_RETENTION: number = 400 * DAY;

/** No budget may be larger: what is written down per destination stays small, and 100 is where NIST SP 800-63B-4 §3.2.2 ends. */
export const MAX_BUDGET = 100;

type Check = (value: unknown) => string | undefined;

const CHECKS: { readonly [Name in keyof Limits]: Check } = {
  codeLength: between(CODE_LENGTH.min, CODE_LENGTH.max),
  life: duration(MINUTE, 10 * MINUTE),
  emailLife: duration(MINUTE, DAY),
  renewBefore: duration(1, DAY),
  retention: duration(MINUTE, 30 * DAY),
  ladder: isLadder,
  sharedRung: duration(1, DAY),
  sendSpacing: duration(1, HOUR),
  sendsPerHour: between(1, MAX_BUDGET),
  sendsPerDay: between(1, MAX_BUDGET),
  knownSendsPerDay: between(1, MAX_BUDGET),
  sendsPerVerification: (value) =>
    value === null || between(1, MAX_BUDGET)(value) === undefined ? undefined : `must be null or a whole number from 1 to ${MAX_BUDGET}`,
  guessesPerVerification: between(1, MAX_BUDGET),
  holdUsedUp: flag,
  wrongPerHour: between(1, MAX_BUDGET),
  wrongPerDay: between(1, MAX_BUDGET),
  wrongInARow: between(1, MAX_BUDGET),
  knownRequesters: between(0, 20),
  knownFor: duration(MINUTE, 400 * DAY),
  sendingFor: duration(SECOND, 10 * MINUTE),
  replayFor: duration(1, 10 * MINUTE),
  resendPolicy: (value) => (value === 'repeat' || value === 'rotate' ? undefined : 'must be "repeat" or "rotate"'),
  sharePending: flag,
};

/**
 * Fills in defaults and checks every limit.
 *
 * @throws {CountersignError} `configuration_invalid` with one message that names each limit at fault.
 */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid(['`limits` must be an object'], 'limits');
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const limits = { ...DEFAULT_LIMITS, ...Object.fromEntries(set) } as Limits;
  const faults = set.flatMap(([name]) => describeFault(name, limits));
  if (faults.length === 0 && limits.renewBefore >= Math.min(limits.life, limits.emailLife)) {
    faults.push('`limits.renewBefore` must be shorter than `limits.life` and `limits.emailLife`');
  }
  if (faults.length > 0) throw invalid(faults, 'limits');
  return Object.freeze({ ...limits, ladder: Object.freeze([...limits.ladder]) });
}

function describeFault(name: string, limits: Limits): string[] {
  if (!Object.hasOwn(CHECKS, name)) return [`\`limits.${name}\` is not a limit`];
  const fault = CHECKS[name as keyof Limits](limits[name as keyof Limits]);
  return fault === undefined ? [] : [`\`limits.${name}\` ${fault}`];
}

function between(min: number, max: number): Check {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? undefined : `must be a whole number from ${min} to ${max}`;
}

function duration(min: number, max: number): Check {
  return (value) => (isDuration(value) && value >= min && value <= max ? undefined : `must be a whole number of milliseconds from ${min} to ${max}`);
}

function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

/** Ensure that each rung of a ladder is a duration, and that none is shorter than the one before. */
function isLadder(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'must be a list of durations';
  if (value.length > 20) return 'must have at most 20 rungs';
  // A copy: `every` passes over holes, and a ladder of holes has no waits.
  if (![...value].every((rung) => isDuration(rung) && rung <= MAX_WAIT)) return 'must hold whole numbers of milliseconds, from 1 to 30 days';
  return value.every((rung, step) => step === 0 || rung >= value[step - 1]) ? undefined : 'must never shrink from one rung to the next';
}

function invalid(faults: readonly string[], field: string): CountersignError {
  return new CountersignError('configuration_invalid', faults.join('; '), { field });
}
