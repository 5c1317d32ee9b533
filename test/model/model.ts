import type { Channel } from '../../src/core/destination.ts';
import type { Limits } from '../../src/engine/limits.ts';
import type { Guess, SendOutcome, StoreFault } from './commands.ts';
import {
  budgetedUntil,
  busyUntil,
  DAY,
  EVERYONE,
  emptyPool,
  emptyRecord,
  end,
  forget,
  HOUR,
  hasSentAll,
  heldUntil,
  type ModelRecord,
  merge,
  nextSendAt,
  type Owner,
  openRecord,
  type Place,
  poolOf,
  readDelivery,
  sentFor,
  spacedUntil,
  type Verification,
  whoIs,
  windowEnd,
} from './model-record.ts';

/**
 * The reference: what each call is answered in a history of one caller, in plain objects, written from the design (life of a verification,
 * outcomes) and from what `results.ts` promises. It takes nothing from the engine's rules: where the two differ, one of them is wrong.
 */

/** An answer with verifications by name and times as numbers, or what was thrown. */
export type Answer = Readonly<Record<string, unknown>>;

/** What a call must come to. `verification` is the one that was sent. */
export interface Prediction {
  readonly answer: Answer;
  readonly events: readonly string[];
  readonly verification?: number;
  /** What happened in the store although its reply was lost, so that nobody was told. */
  readonly lost?: readonly string[];
}

export interface Sending {
  readonly channel?: Channel | undefined;
  /** A code of the caller's. */
  readonly own?: string | undefined;
  readonly outcome: SendOutcome;
  /** Milliseconds from the claim to the sender's answer. */
  readonly takes: number;
  readonly fault: StoreFault;
}

interface Updated {
  readonly now: number;
  readonly events: string[];
}

type Refused = { reason: string; retryAt: number | undefined; resendAt: number };

const DOWN: Prediction = { answer: { thrown: 'store_unavailable' }, events: [] };
const NOT_FOUND: Prediction = { answer: { status: 'not_found' }, events: [] };

/** Whose key is not known here is neither judged nor ended: nothing is written. */
class KeyMissing extends Error {}

export class Model {
  readonly #limits: Limits;
  readonly #records = new Map<string, ModelRecord>();
  readonly #places = new Map<number, string>();
  #names = 0;
  /** The keys that are accepted; the first issues. */
  keys: readonly string[] = ['k0'];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  start(clock: number, place: Place, owner: Owner, sending: Sending): Prediction {
    if (sending.fault === 'down') return DOWN;
    const channel = sending.channel ?? (place.kind === 'email' ? 'email' : 'sms');
    return this.#send(place.record, clock, sending, (record, now, events) => {
      const live = this.#findLive(record, place, owner);
      const isWorthIt = live !== undefined && live.expiresAt - now >= this.#limits.renewBefore && this.keys.includes(live.code.key);
      const isHeld = live !== undefined && (hasSentAll(live, this.#limits) || busyUntil(live, this.#limits) > now);
      const renewed = isWorthIt || isHeld ? undefined : live;
      const target = live !== undefined && renewed === undefined ? live : this.#create(place, owner, channel, sending.own, now);
      if (target === live && live?.code.own !== undefined && sending.own === undefined) return { thrown: 'invalid_request' };
      const refused = this.#refusal(record, target, now);
      if (refused !== undefined) return { refused, live };
      if (renewed !== undefined) {
        end(renewed, 'expired', now);
        events.push(`expired:${renewed.name}`);
      }
      if (target !== live) record.verifications.push(target);
      return { target: this.#claim(record, target, channel, sending.own, now) };
    });
  }

  resend(clock: number, name: number, owner: Owner, sending: Sending): Prediction {
    if (sending.fault === 'down') return DOWN;
    const key = this.#places.get(name) ?? '';
    const looked = this.#find(openRecord(this.#records.get(key) ?? emptyRecord(clock), clock, this.#limits).record, name, owner);
    if (looked === undefined) return NOT_FOUND;
    if (looked.state === 'pending' && ![looked.code.key, looked.sealedWith].every((known) => this.keys.includes(known))) {
      return { answer: { thrown: 'configuration_invalid' }, events: [] };
    }
    return this.#send(key, clock, sending, (record, now, events) => {
      const target = this.#find(record, name, owner);
      if (target === undefined || target.state !== 'pending') return { status: target?.state ?? 'not_found' };
      if (target.code.own !== undefined && sending.own === undefined) return { thrown: 'invalid_request' };
      const refused = this.#refusal(record, target, now);
      if (refused !== undefined) return { refused, live: target };
      if (target.expiresAt - now >= this.#limits.renewBefore) {
        return { target: this.#claim(record, target, sending.channel ?? target.channel, sending.own, now) };
      }
      events.push(`expired:${name}`);
      return { status: end(target, 'expired', now), changed: true };
    });
  }

  check(clock: number, name: number, owner: Owner, guess: Guess, code: string, attempt: string | undefined, fault: StoreFault): Prediction {
    if (guess === 'malformed') return { answer: { thrown: 'invalid_code' }, events: [] };
    if (fault === 'down') return DOWN;
    let answer: Answer = NOT_FOUND.answer;
    const submitted = { guess, code, attempt };
    try {
      const { events } = this.#update(this.#places.get(name) ?? '', clock, (record, now, happened) => {
        const found = this.#find(record, name, owner);
        if (found === undefined) return false;
        const judged = this.#replay(found, submitted) ?? this.#judge(record, found, submitted, now, happened);
        answer = judged.answer;
        return judged.changed;
      });
      return fault === 'loses' ? { ...DOWN, lost: events } : { answer, events };
    } catch (error) {
      if (error instanceof KeyMissing) return { answer: { thrown: 'configuration_invalid' }, events: [] };
      throw error;
    }
  }

  cancel(clock: number, name: number, owner: Owner, fault: StoreFault): Prediction {
    return this.#end('canceled', [`canceled:${name}`], clock, name, owner, fault);
  }

  /** An operator's word ends a verification and no more: no listener is told, and nothing is cleared. */
  approve(clock: number, name: number, owner: Owner, fault: StoreFault): Prediction {
    return this.#end('approved', fault === 'loses' ? [`operator:${name}`] : [], clock, name, owner, fault);
  }

  #end(state: string, told: readonly string[], clock: number, name: number, owner: Owner, fault: StoreFault): Prediction {
    if (fault === 'down') return DOWN;
    let status = 'not_found';
    const { events } = this.#update(this.#places.get(name) ?? '', clock, (record, now, happened) => {
      const found = this.#find(record, name, owner);
      status = found?.state ?? 'not_found';
      if (found === undefined || status !== 'pending') return false;
      status = end(found, state, now);
      happened.push(...told);
      return true;
    });
    return fault === 'loses' ? { ...DOWN, lost: events } : { answer: { status }, events };
  }

  show(clock: number, name: number, owner: Owner, fault: StoreFault): Prediction {
    if (fault === 'down') return DOWN;
    const { record } = openRecord(this.#record(name) ?? emptyRecord(clock), clock, this.#limits);
    const found = this.#find(record, name, owner);
    if (found === undefined) return NOT_FOUND;
    const { state, createdAt, wrong } = found;
    const now = record.seen;
    const attemptsLeft = state === 'pending' ? this.#limits.guessesPerVerification - wrong : 0;
    const shown = this.#render(found, now, nextSendAt(record, found, this.#limits));
    return { answer: { ...shown, status: state, createdAt, attemptsLeft }, events: [] };
  }

  operate(act: 'unblock' | 'erase', clock: number, place: Place, fault: StoreFault): Prediction {
    if (fault === 'down') return DOWN;
    let answer: Answer = {};
    const { events } = this.#update(place.record, clock, (record, _now, happened) => {
      const pools = [...record.pools.values()];
      const wasBlocked = pools.some(({ disabled }) => disabled);
      answer = act === 'unblock' ? { status: 'unblocked', wasBlocked } : { status: 'erased', verifications: record.verifications.length };
      record.ladders.clear();
      record.pools = new Map([[EVERYONE, act === 'unblock' ? emptyPool() : pools.reduce(merge)]]);
      if (act === 'unblock') this.#beginAnew(record, clock, happened);
      else this.#erase(record);
      return true;
    });
    return fault === 'loses' ? { ...DOWN, lost: events } : { answer, events };
  }

  /** Where a record's time has run ahead of a clock that was set back, it goes back as well, and what began in between ends. */
  #beginAnew(record: ModelRecord, clock: number, events: string[]): void {
    for (const { who } of record.known) record.pools.set(who, emptyPool());
    record.seen = clock;
    for (const verification of record.verifications) {
      verification.attempts = verification.attempts.filter(({ at }) => at <= clock);
      if (verification.state === 'max_attempts_reached') verification.expiresAt = Math.min(verification.expiresAt, clock);
      if (verification.state !== 'pending' || verification.createdAt <= clock) continue;
      end(verification, 'expired', clock);
      events.push(`expired:${verification.name}`);
    }
  }

  /** Whose a verification or a message was is gone; what was used is not. */
  #erase(record: ModelRecord): void {
    [record.verifications, record.known] = [[], []];
    for (const pool of record.pools.values()) if (pool.gaveBack !== undefined) pool.gaveBack = { ...pool.gaveBack, to: EVERYONE };
  }

  /** The code alive: its number, and its text where the caller brought it. */
  code(name: number): { no: number; length: number; own: string | undefined } | undefined {
    return this.#record(name)?.verifications.find((other) => other.name === name)?.code;
  }

  /** The store has removed a record: nothing in it may have mattered. Tells what did. */
  swept(key: string, clock: number): string | undefined {
    const { verifications, ladders, pools, known, seen } = openRecord(this.#records.get(key) ?? emptyRecord(clock), clock, this.#limits).record;
    this.#records.delete(key);
    const uses = [...pools.values()].filter(
      ({ sends, wrong, run, disabled, gaveBack }) =>
        disabled || run > 0 || gaveBack !== undefined || [...sends, ...wrong].some((at) => at > seen - DAY),
    );
    const left = { verifications: verifications.length, ladders: ladders.size, uses: uses.length, known: known.length };
    return Object.values(left).some((count) => count > 0) ? JSON.stringify(left) : undefined;
  }

  // ── The parts of a send

  /** Claims, sends, completes: `begin` says what is claimed, or why nothing is. */
  #send(key: string, clock: number, { outcome, takes, fault }: Sending, begin: Begin): Prediction {
    let begun: Begun = {};
    const claimed = this.#update(key, clock, (record, now, events) => {
      begun = begin(record, now, events);
      if (begun.target !== undefined) begun.resendAt = nextSendAt(record, begun.target, this.#limits);
      return begun.target !== undefined || begun.changed === true;
    });
    const { target, refused, status, thrown } = begun;
    if (fault === 'loses') return { ...DOWN, lost: [...claimed.events, ...(target ? [`started:${target.name}`] : [])] };
    if (thrown !== undefined) return { answer: { thrown }, events: claimed.events };
    if (status !== undefined) return { answer: { status }, events: claimed.events };
    if (refused !== undefined) return this.#renderRefused(refused, begun.live, claimed);
    if (target === undefined) throw new Error('a send that is none');
    const events = [...claimed.events, `started:${target.name}`];
    if (outcome === 'crash') return { answer: { crashed: true }, events, verification: target.name };
    const late = clock + takes;
    const state = outcome === 'refused' || outcome === 'rejected' ? 'refused' : outcome === 'sent' ? 'sent' : 'unknown';
    const completed = fault === 'breaks' ? undefined : this.#complete(key, late, target.name, target.deliveries.length - 1, state);
    events.push(...(completed?.events ?? []));
    if (state === 'refused') {
      return { answer: { thrown: outcome === 'refused' ? 'provider_unavailable' : 'provider_rejected' }, events, verification: target.name };
    }
    const doubtful = () => this.#render(target, claimed.now, begun.resendAt ?? 0, target.deliveries.length - 1);
    return { answer: { status: 'pending', ...(completed?.rendered ?? doubtful()) }, events, verification: target.name };
  }

  #findLive(record: ModelRecord, { to }: Place, { service, purpose, requester }: Owner): Verification | undefined {
    if (requester === undefined && !this.#limits.sharePending) return undefined;
    return record.verifications.find(
      (v) => v.state === 'pending' && v.place.to === to && v.service === service && v.purpose === purpose && v.requester === requester,
    );
  }

  #create(place: Place, owner: Owner, channel: string, own: string | undefined, now: number): Verification {
    const { life, emailLife, codeLength } = this.#limits;
    const key = this.keys[0] ?? '';
    return {
      ...owner,
      ...{ name: this.#names, place, channel, state: 'pending', createdAt: now, endedAt: undefined, wrong: 0, deliveries: [], attempts: [] },
      expiresAt: now + (place.kind === 'email' ? emailLife : life),
      sealedWith: key,
      code: { no: 0, key, own, length: own?.length ?? codeLength, guessed: false },
    };
  }

  /** `retryAt` is the latest of all limits that refuse. */
  #refusal(record: ModelRecord, target: Verification, now: number): Refused | undefined {
    if (poolOf(record, target).disabled) return { reason: 'destination_blocked', retryAt: undefined, resendAt: 0 };
    const busy = busyUntil(target, this.#limits);
    const spaced = spacedUntil(record, target, this.#limits);
    const budgeted = Math.max(budgetedUntil(record, target, this.#limits), heldUntil(record, target, this.#limits));
    const retryAt = Math.max(busy, spaced, budgeted);
    if (now >= retryAt) return undefined;
    const reason = busy > now ? 'in_progress' : budgeted > spaced ? 'budget_exhausted' : 'resend_too_soon';
    return { reason, retryAt, resendAt: Math.max(spaced, budgeted) };
  }

  /** The code is repeated while no wrong guess has been made, then it moves on and the old one is dead. */
  #claim(record: ModelRecord, target: Verification, channel: string, own: string | undefined, now: number): Verification {
    const { resendPolicy } = this.#limits;
    const { code } = target;
    if (target.deliveries.length === 0) this.#places.set(this.#names++, target.place.record);
    else if (own !== undefined) target.code = { no: code.no + 1, own, length: own.length, key: this.keys[0] ?? '', guessed: false };
    else if (resendPolicy === 'rotate' || code.guessed) target.code = { ...code, no: code.no + 1, guessed: false };
    target.channel = channel;
    target.deliveries.push({ at: now, channel, status: 'sending' });
    const who = whoIs(target);
    record.ladders.set(who, [...(record.ladders.get(who) ?? []), now]);
    poolOf(record, target).sends.push(now);
    return target;
  }

  /**
   * What was claimed is given back, once, if the message surely was not sent and nobody has been told otherwise: the slot, and the rung where the ladder
   * is still remembered. Nobody else calls meanwhile; all that may have happened is that time has passed.
   */
  #complete(key: string, clock: number, name: number, index: number, status: string): (Updated & { rendered?: Answer | undefined }) | undefined {
    let rendered: Answer | undefined;
    const updated = this.#update(key, clock, (record, now, events) => {
      const target = record.verifications.find((other) => other.name === name);
      const delivery = target?.deliveries[index];
      if (target === undefined || delivery === undefined) return false;
      const [who, pool] = [whoIs(target), poolOf(record, target)];
      if (now < delivery.at + this.#limits.sendingFor) {
        if (status === 'refused' && pool.gaveBack === undefined) {
          record.ladders.get(who)?.pop();
          pool.sends.splice(pool.sends.lastIndexOf(delivery.at), 1);
          pool.gaveBack = { to: who, at: now };
        } else if (pool.gaveBack?.to === who) pool.gaveBack = undefined;
      }
      delivery.status = status;
      if (target.state === 'pending' && target.deliveries.every((other) => readDelivery(other, now, this.#limits) === 'refused'))
        end(target, 'failed', now);
      events.push(`delivered:${name}:${status}`);
      rendered = this.#render(target, now, nextSendAt(record, target, this.#limits));
      return true;
    });
    return { ...updated, rendered };
  }

  // ── The parts of a check

  #replay(found: Verification, { guess, code, attempt }: Submitted): Judged | undefined {
    if (attempt === undefined) return undefined;
    const same = found.attempts.find((other) => other.id === attempt && other.code === code && other.left !== undefined);
    if (same !== undefined && found.state === 'pending') return { answer: wrongCode(same.left ?? 0), changed: false };
    const approval = found.attempts.findIndex((other) => other.id === attempt && other.left === undefined);
    if (approval < 0) return undefined;
    if (guess !== 'wrong_length') this.#assertKey(found.code.key);
    if (guess === 'right') return { answer: toApproved(found), changed: false };
    found.attempts.splice(approval, 1);
    return { answer: { status: 'already_approved' }, changed: true };
  }

  #judge(record: ModelRecord, found: Verification, { guess, code, attempt }: Submitted, now: number, events: string[]): Judged {
    const { guessesPerVerification, wrongPerHour, wrongPerDay, wrongInARow } = this.#limits;
    if (found.state !== 'pending') return { answer: { status: found.state === 'approved' ? 'already_approved' : found.state }, changed: false };
    if (guess === 'wrong_length') return { answer: { thrown: 'invalid_code' }, changed: false };
    const pool = poolOf(record, found);
    if (pool.disabled) return { answer: { status: 'destination_blocked' }, changed: false };
    const retryAt = Math.max(windowEnd(pool.wrong, HOUR, wrongPerHour), windowEnd(pool.wrong, DAY, wrongPerDay));
    if (now < retryAt) return { answer: { status: 'budget_exhausted', retryAt }, changed: false };
    this.#assertKey(found.code.key);
    events.push(`checked:${found.name}:${guess}`);
    if (guess === 'right') {
      this.#assertKey(found.sealedWith);
      if (attempt !== undefined) found.attempts.push({ id: attempt, code, at: now, left: undefined });
      events.push(`approved:${found.name}`);
      this.#approve(record, found, now);
      return { answer: toApproved(found), changed: true };
    }
    found.wrong += 1;
    found.code.guessed = true;
    pool.wrong.push(now);
    [pool.run, pool.runAt] = [pool.run + 1, now];
    pool.disabled = pool.run >= wrongInARow;
    const left = guessesPerVerification - found.wrong;
    if (left === 0) return { answer: { status: end(found, 'max_attempts_reached', now), reason: 'wrong_code' }, changed: true };
    if (attempt !== undefined) found.attempts.push({ id: attempt, code, at: now, left });
    return { answer: wrongCode(left), changed: true };
  }

  /** Ends the run of wrong guesses and the ladder; whoever named themselves is known from now on, the newest few of them. */
  #approve(record: ModelRecord, found: Verification, now: number): void {
    const { knownRequesters } = this.#limits;
    const who = whoIs(found);
    end(found, 'approved', now);
    Object.assign(poolOf(record, found), { run: 0, runAt: 0 });
    record.ladders.delete(who);
    if (who === EVERYONE || knownRequesters === 0) return;
    record.known = [...record.known.filter((other) => other.who !== who), { who, at: now }];
    record.pools.set(who, record.pools.get(who) ?? { ...emptyPool(), sends: sentFor(record, who) });
    if (record.known.length > knownRequesters) forget(record, record.known.shift()?.who ?? EVERYONE);
  }

  #assertKey(key: string): void {
    if (!this.keys.includes(key)) throw new KeyMissing();
  }

  // ── Records and their time

  /** Runs a rule on a copy at its own time; what changed nothing and saw nothing expire and nobody forgotten is forgotten again. */
  #update(key: string, clock: number, rule: (record: ModelRecord, now: number, events: string[]) => boolean): Updated {
    const { record, expired, hasForgotten } = openRecord(this.#records.get(key) ?? emptyRecord(clock), clock, this.#limits);
    const events = expired.map((name) => `expired:${name}`);
    const changed = rule(record, record.seen, events);
    if (changed || expired.length > 0 || hasForgotten) this.#records.set(key, record);
    return { now: record.seen, events };
  }

  #record(name: number): ModelRecord | undefined {
    return this.#records.get(this.#places.get(name) ?? '');
  }

  #find({ verifications }: ModelRecord, name: number, owner: Owner): Verification | undefined {
    const found = verifications.find((other) => other.name === name);
    return found && found.service === owner.service && found.purpose === owner.purpose && found.requester === owner.requester ? found : undefined;
  }

  // ── Answers

  #render({ name, place, channel, code, ...v }: Verification, now: number, resendAt: number, doubtful = -1): Answer {
    const deliveries = v.deliveries.map((delivery, index) => ({
      channel: delivery.channel,
      status: index === doubtful ? 'unknown' : readDelivery(delivery, now, this.#limits),
      at: delivery.at,
    }));
    return { id: name, to: place.masked, channel, codeLength: code.length, expiresAt: v.expiresAt, resendAt, deliveries };
  }

  #renderRefused({ reason, retryAt, resendAt }: Refused, live: Verification | undefined, { now, events }: Updated): Prediction {
    const shown = live !== undefined && (reason === 'resend_too_soon' || reason === 'in_progress');
    const answer = {
      ...{ status: 'refused', reason },
      ...(retryAt !== undefined && { retryAt }),
      ...(shown && { verification: this.#render(live, now, resendAt) }),
    };
    return { answer, events: [...events, `refused:${reason}`] };
  }
}

type Begin = (record: ModelRecord, now: number, events: string[]) => Begun;

interface Begun {
  target?: Verification;
  refused?: Refused;
  live?: Verification | undefined;
  status?: string;
  thrown?: string;
  changed?: boolean;
  resendAt?: number;
}

interface Submitted {
  readonly guess: Guess;
  readonly code: string;
  readonly attempt: string | undefined;
}

interface Judged {
  readonly answer: Answer;
  readonly changed: boolean;
}

function wrongCode(attemptsLeft: number): Answer {
  return { status: 'pending', reason: 'wrong_code', attemptsLeft };
}

function toApproved({ name, service, purpose, requester, channel, place, endedAt }: Verification): Answer {
  const whose = requester === undefined ? {} : { requester };
  return { status: 'approved', verification: name, service, purpose, channel, destination: place.to, ...whose, approvedAt: endedAt };
}
