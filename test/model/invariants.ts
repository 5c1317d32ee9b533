import type { Limits } from '../../src/engine/limits.ts';
import { type RecordClock, timeAt } from './record-clock.ts';

/**
 * The invariants of the design as predicates over what was seen from outside: messages that were handed over, guesses that were compared,
 * answers, and when. It keeps its own books and knows neither the engine nor the model, so that it finds what is wrong in both.
 */

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const RUN_KEPT = 400 * DAY;
const EVERYONE = '';

export type InvariantName = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I12' | 'I14' | 'I17';

/** An invariant that does not hold. */
export class Broken extends Error {
  readonly invariant: InvariantName;

  constructor(invariant: InvariantName, how: string) {
    super(`${invariant}: ${how}`);
    this.invariant = invariant;
  }
}

/** A verification as it was started, and what has become of it. */
interface Watched {
  readonly record: string;
  readonly who: string;
  /** In the record's time; undefined until an answer has said it. */
  expiresAt: number | undefined;
  compared: number;
  /** Messages that have left, or may have. */
  sent: number;
  approval: { attempt: string | undefined; code: string } | undefined;
  state: string;
  /** When an operator may have ended it. */
  endsBy: number;
  /** From when on it may be forgotten. */
  forgottenAt: number;
}

interface Use {
  readonly at: number;
  pool: string;
}

interface WatchedRecord {
  time: RecordClock;
  sends: Use[];
  wrong: Use[];
  /** Wrong guesses in a row, by pool. */
  runs: Map<string, { length: number; at: number }>;
  /** When the sends left that count since a ladder began. */
  ladders: Map<string, readonly number[]>;
  /** To whom each pool has given back a send last, and when. */
  returned: Map<string, { readonly who: string; readonly at: number }>;
  known: { who: string; at: number }[];
  /** Until when a requester was told to wait. */
  told: Map<string, number>;
  blocked: Set<string>;
}

/** Watches the history of one store. Every method throws {@link Broken} at the first thing that may not be. */
export class Watch {
  readonly #limits: Limits;
  readonly #records = new Map<string, WatchedRecord>();
  readonly #verifications = new Map<number, Watched>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The record's time at this clock. */
  time(record: string, clock: number): number {
    const found = this.#records.get(record);
    return found === undefined ? clock : timeAt(found.time, clock);
  }

  /** The store has written a record. */
  written(record: string, clock: number): void {
    const found = this.#records.get(record);
    if (found !== undefined) found.time = { seen: timeAt(found.time, clock) };
    else this.#records.set(record, newRecord(clock));
  }

  /** A message is about to leave. */
  claimed(name: number, record: string, who: string, at: number): void {
    const { ladder, sharedRung, sendSpacing, sendsPerHour, sendsPerDay, knownSendsPerDay, sendsPerVerification } = this.#limits;
    if (!this.#verifications.has(name)) this.#verifications.set(name, newVerification(record, who));
    const verification = this.#verification(name);
    if (verification.sent >= (sendsPerVerification ?? Number.POSITIVE_INFINITY))
      throw new Broken('I5', `message ${verification.sent + 1} of one verification, ${sendsPerVerification} at most`);
    verification.sent += 1;
    const watched = this.#record(record, at);
    const pool = poolOf(watched, who);
    const until = watched.told.get(who) ?? 0;
    if (at < until) throw new Broken('I7', `a message left ${until - at} ms before the time that an answer had named`);
    if (watched.blocked.has(pool)) throw new Broken('I7', 'a message left to a destination that was answered to be blocked');
    const earlier = watched.sends.filter((send) => send.pool === pool).map((send) => send.at);
    const gap = at - Math.max(...earlier);
    if (gap < sendSpacing) throw new Broken('I5', `two messages within ${gap} ms, ${sendSpacing} apart at least`);
    const climbs = watched.ladders.get(who) ?? [];
    const rung = ladder[(climbs.length - 1) % ladder.length] ?? 0;
    const waited = at - (climbs.at(-1) ?? Number.NEGATIVE_INFINITY);
    const wait = who === EVERYONE ? Math.min(rung, sharedRung) : rung;
    if (waited < wait) throw new Broken('I5', `message ${climbs.length + 1} of a ladder after ${waited} ms instead of ${wait}`);
    assertWindow('I5', 'messages in an hour', earlier, at, HOUR, sendsPerHour);
    assertWindow('I5', 'messages in a day', earlier, at, DAY, pool === EVERYONE ? sendsPerDay : knownSendsPerDay);
    // After the longest wait the ladder begins at its foot, wherever it stood.
    watched.ladders.set(who, waited >= (ladder.at(-1) ?? 0) ? [at] : [...climbs, at]);
    watched.sends.push({ at, pool });
  }

  /** What became of a message that was claimed at `sentAt`. */
  settled(name: number, state: string, sentAt: number, at: number): void {
    const verification = this.#verification(name);
    const { record, who } = verification;
    if (state === 'refused') verification.sent -= 1;
    const watched = this.#record(record, at);
    const climbs = watched.ladders.get(who) ?? [];
    if (at >= sentAt + this.#limits.sendingFor || climbs.at(-1) !== sentAt) return;
    const pool = poolOf(watched, who);
    const last = watched.returned.get(pool);
    const mayReturn = last === undefined || at >= last.at + DAY;
    if (state !== 'refused' || !mayReturn) {
      if (last?.who === who) watched.returned.delete(pool);
      return;
    }
    watched.returned.set(pool, { who, at });
    watched.ladders.set(who, climbs.slice(0, -1));
    const returned = watched.sends.findLast((send) => send.at === sentAt && send.pool === pool);
    watched.sends = watched.sends.filter((send) => send !== returned);
  }

  /** A guess was compared. */
  compared(name: number, isRight: boolean, at: number): void {
    const { guessesPerVerification, wrongPerHour, wrongPerDay, wrongInARow } = this.#limits;
    const verification = this.#verification(name);
    const watched = this.#record(verification.record, at);
    const pool = poolOf(watched, verification.who);
    verification.compared += 1;
    if (verification.compared > guessesPerVerification) {
      throw new Broken('I3', `guess ${verification.compared} at one verification, ${guessesPerVerification} at most`);
    }
    if (watched.blocked.has(pool)) throw new Broken('I7', 'a guess was compared at a destination that was answered to be blocked');
    const earlier = watched.wrong.filter((guess) => guess.pool === pool).map((guess) => guess.at);
    assertWindow('I3', 'wrong guesses in an hour', earlier, at, HOUR, wrongPerHour);
    assertWindow('I3', 'wrong guesses in a day', earlier, at, DAY, wrongPerDay);
    const run = runOf(watched, pool, at);
    if (run >= wrongInARow) throw new Broken('I3', `a guess was compared after ${run} wrong ones in a row, ${wrongInARow} disable`);
    if (isRight) return;
    watched.runs.set(pool, { length: run + 1, at });
    watched.wrong.push({ at, pool });
  }

  /** A verification was approved: committed, whether or not anybody was told. */
  approved(name: number, at: number): void {
    const verification = this.#verification(name);
    const { record, who, expiresAt = Number.POSITIVE_INFINITY } = verification;
    if (at >= expiresAt) throw new Broken('I8', `approved ${at - expiresAt} ms after its end`);
    if (verification.state === 'approved') throw new Broken('I1', 'approved a second time');
    this.moved(name, 'approved', at);
    const watched = this.#record(record, at);
    watched.runs.delete(poolOf(watched, who));
    watched.ladders.delete(who);
    watched.told.clear();
    if (who === EVERYONE || this.#limits.knownRequesters === 0) return;
    watched.known = [...watched.known.filter((other) => other.who !== who), { who, at }];
    if (watched.known.length > this.#limits.knownRequesters) share(watched, watched.known.shift()?.who ?? EVERYONE);
  }

  /** Somebody was answered `approved`; `alive` is the code that was sent last. */
  answeredApproved(name: number, code: string, alive: string | undefined, attempt: string | undefined): void {
    const verification = this.#verification(name);
    if (code !== alive) throw new Broken('I2', 'approved by a code that was not the last one sent');
    const { approval } = verification;
    const isRepeated = approval !== undefined && approval.attempt !== undefined && approval.attempt === attempt && approval.code === code;
    if (approval !== undefined && !isRepeated) throw new Broken('I1', 'approved a second time');
    verification.approval = { attempt, code };
  }

  /**
   * A verification has come to a state, or was seen in one. Terminal ones stay, what was approved stays approved, and what was erased stays away.
   * One that is only too old may be answered for again when the clock is set back.
   */
  moved(name: number, state: string, at: number): void {
    const verification = this.#verification(name);
    const before = verification.state;
    if (state === 'not_found' ? before === 'erased' || at >= verification.forgottenAt : before === state) return;
    if (state === 'not_found' || before !== 'pending') {
      throw new Broken(before === 'approved' ? 'I6' : 'I4', `a verification that was ${before} became ${state}`);
    }
    verification.state = state;
    verification.forgottenAt = this.#limits.retention + this.#endedAt(verification, state, at);
  }

  /** The reply to a guess was lost: what it ended, nobody was told. */
  unsure(name: number): void {
    this.#verification(name).forgottenAt = Number.NEGATIVE_INFINITY;
  }

  /** An answer has named when a verification ends. That never changes, in the time of its record. */
  named(name: number, expiresAt: number): void {
    const verification = this.#verification(name);
    verification.expiresAt ??= expiresAt;
    if (verification.state === 'pending') verification.forgottenAt = expiresAt + this.#limits.retention;
    if (verification.expiresAt !== expiresAt) throw new Broken('I8', `the end of a life moved by ${expiresAt - verification.expiresAt} ms`);
  }

  /** Somebody was told to wait. Nothing need have been written for that: who is no longer known may be known again when the clock is set back. */
  told(record: string, who: string, reason: string, retryAt: number | undefined, at: number): void {
    const watched = this.#records.get(record) ?? newRecord(at);
    const isKnown = watched.known.some((known) => known.who === who && at < known.at + this.#limits.knownFor);
    if (reason === 'destination_blocked') watched.blocked.add(isKnown ? who : EVERYONE);
    if (retryAt === undefined) return;
    // The end of a life is the owner's own: nothing is rounded, and what ends the verification sooner ends the wait.
    if (reason === 'budget_exhausted' && this.#mayEndAt(record, who, retryAt)) return;
    if (reason === 'budget_exhausted' && retryAt % MINUTE !== 0) throw new Broken('I12', 'the end of a shared wait is not rounded to the minute');
    if (reason === 'budget_exhausted' || reason === 'resend_too_soon') watched.told.set(who, retryAt);
  }

  /** An operator's act on a record. To unblock one lets its time begin anew as well, where that has run ahead of the clock. */
  operated(record: string, act: 'unblock' | 'erase', clock: number): void {
    const at = this.time(record, clock);
    const watched = this.#record(record, at);
    for (const verification of this.#verifications.values()) {
      if (verification.record === record && at >= verification.forgottenAt) verification.forgottenAt = Number.NEGATIVE_INFINITY;
    }
    watched.ladders.clear();
    watched.told.clear();
    if (act === 'erase') {
      for (const { who } of watched.known.splice(0)) share(watched, who);
      for (const [pool, last] of watched.returned) watched.returned.set(pool, { ...last, who: EVERYONE });
      for (const verification of this.#verifications.values()) if (verification.record === record) verification.state = 'erased';
    } else {
      // What began while the time was ahead ends now, and only its own service hears of that.
      for (const verification of this.#verifications.values()) {
        // Of one whose guesses are used up the end is let go as well: it holds back no other.
        if (verification.record === record && verification.state !== 'pending') verification.expiresAt = undefined;
        if (verification.record !== record || verification.state !== 'pending') continue;
        verification.endsBy = Math.min(clock, verification.endsBy);
        verification.forgottenAt = Math.min(verification.forgottenAt, clock + this.#limits.retention);
      }
      Object.assign(watched, { time: { seen: clock }, sends: [], wrong: [], runs: new Map(), returned: new Map(), blocked: new Set() });
    }
  }

  /** Whether somebody stops being known there between two times: then other budgets count for them. */
  forgets(record: string, from: number, until: number): boolean {
    const { knownFor } = this.#limits;
    return this.#records.get(record)?.known.some(({ at }) => from < at + knownFor && at + knownFor <= until) ?? false;
  }

  /** The store has removed a record. */
  swept(record: string): void {
    this.#records.delete(record);
    for (const verification of this.#verifications.values()) if (verification.record === record) verification.state = 'erased';
  }

  /** An expiry counts from when it was due, whenever it was seen; when a message failed, or a last guess whose answer was lost, nobody knows. */
  #endedAt({ expiresAt = Number.NEGATIVE_INFINITY, endsBy }: Watched, state: string, at: number): number {
    if (state === 'failed' || state === 'max_attempts_reached') return Number.NEGATIVE_INFINITY;
    return state === 'expired' ? Math.min(expiresAt, at, endsBy) : at;
  }

  /** Whether a verification of theirs ends then, as far as anybody was told, or is forgotten. */
  #mayEndAt(record: string, who: string, time: number): boolean {
    const { sendsPerVerification, holdUsedUp } = this.#limits;
    if (sendsPerVerification === null && !holdUsedUp) return false;
    const theirs = [...this.#verifications.values()].filter((other) => other.record === record && other.who === who);
    return theirs.some(({ expiresAt = time, forgottenAt }) => expiresAt === time || forgottenAt === time || forgottenAt < 0);
  }

  #verification(name: number): Watched {
    const found = this.#verifications.get(name);
    if (found === undefined) throw new Error(`nobody has started verification ${name}`);
    return found;
  }

  /** The record at its own time: who is no longer known shares with everyone. */
  #record(name: string, at: number): WatchedRecord {
    const found = this.#records.get(name) ?? newRecord(at);
    const lapsed = found.known.filter((known) => at >= known.at + this.#limits.knownFor);
    found.known = found.known.filter((known) => !lapsed.includes(known));
    for (const { who } of lapsed) share(found, who);
    return found;
  }
}

function newRecord(clock: number): WatchedRecord {
  const maps = { runs: new Map(), ladders: new Map(), returned: new Map(), told: new Map(), blocked: new Set<string>() };
  return { time: { seen: clock }, sends: [], wrong: [], known: [], ...maps };
}

function newVerification(record: string, who: string): Watched {
  // Of one that no answer has named it is not known when it ends.
  const forgottenAt = Number.NEGATIVE_INFINITY;
  return {
    record,
    who,
    expiresAt: undefined,
    compared: 0,
    sent: 0,
    approval: undefined,
    state: 'pending',
    endsBy: Number.POSITIVE_INFINITY,
    forgottenAt,
  };
}

function poolOf({ known }: WatchedRecord, who: string): string {
  return known.some((other) => other.who === who) ? who : EVERYONE;
}

function runOf({ runs }: WatchedRecord, pool: string, at: number): number {
  const run = runs.get(pool);
  return run === undefined || at >= run.at + RUN_KEPT ? 0 : run.length;
}

/** Ensure that in no window of `length` there are more than `limit`, with the one at `at`. */
function assertWindow(invariant: InvariantName, what: string, earlier: readonly number[], at: number, length: number, limit: number): void {
  const count = earlier.filter((other) => other > at - length).length;
  if (count >= limit) throw new Broken(invariant, `more than ${limit} ${what}`);
}

/** What a requester used counts for everyone from now on. */
function share(watched: WatchedRecord, who: string): void {
  for (const use of [...watched.sends, ...watched.wrong]) if (use.pool === who) use.pool = EVERYONE;
  const [own, shared] = [watched.runs.get(who), watched.runs.get(EVERYONE)];
  if (own !== undefined && own.length > (shared?.length ?? 0)) watched.runs.set(EVERYONE, own);
  watched.runs.delete(who);
  const [ownReturned, sharedReturned] = [watched.returned.get(who), watched.returned.get(EVERYONE)];
  if (ownReturned !== undefined && ownReturned.at > (sharedReturned?.at ?? 0)) watched.returned.set(EVERYONE, ownReturned);
  watched.returned.delete(who);
  if (watched.blocked.delete(who)) watched.blocked.add(EVERYONE);
  watched.told.clear();
}
