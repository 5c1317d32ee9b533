import type { Limits } from '../../src/engine/limits.ts';
import { type RecordClock, timeAt } from './record-clock.ts';

/** The reference's idea of what a store keeps of one destination, and how far its limits go. */

const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
const RUN_KEPT = 400 * DAY;
export const EVERYONE = '';

/** Where a message goes. `record` is the same for spellings that reach one handset. */
export interface Place {
  readonly to: string;
  readonly masked: string;
  readonly record: string;
  readonly kind: 'phone' | 'email';
}

/** Who asks, and what for. */
export interface Owner {
  readonly service: string;
  readonly purpose: string;
  readonly requester: string | undefined;
}

export interface Code {
  /** Another number, another code. */
  no: number;
  key: string;
  length: number;
  own: string | undefined;
  guessed: boolean;
}

interface Delivery {
  readonly at: number;
  readonly channel: string;
  status: string;
}

export interface Verification extends Owner {
  readonly name: number;
  readonly place: Place;
  readonly createdAt: number;
  expiresAt: number;
  readonly sealedWith: string;
  channel: string;
  state: string;
  endedAt: number | undefined;
  code: Code;
  wrong: number;
  deliveries: Delivery[];
  attempts: { id: string; code: string; at: number; left: number | undefined }[];
}

export interface Pool {
  sends: number[];
  wrong: number[];
  run: number;
  runAt: number;
  disabled: boolean;
  /** To whom a slot was given back last, and when. */
  gaveBack: { readonly to: string; readonly at: number } | undefined;
}

export interface ModelRecord extends RecordClock {
  seen: number;
  verifications: Verification[];
  /** When each message left that counts since the ladder began. */
  ladders: Map<string, number[]>;
  pools: Map<string, Pool>;
  known: { who: string; at: number }[];
}

/** A record of which nothing is known. */
export function emptyRecord(clock: number): ModelRecord {
  return { seen: clock, verifications: [], ladders: new Map(), pools: new Map(), known: [] };
}

export function emptyPool(): Pool {
  return { sends: [], wrong: [], run: 0, runAt: 0, disabled: false, gaveBack: undefined };
}

/** A copy of a record as its time leaves it, who expired by that, and whether anybody stopped being known. */
export function openRecord(
  before: ModelRecord,
  clock: number,
  limits: Limits,
): { record: ModelRecord; expired: readonly number[]; hasForgotten: boolean } {
  const now = timeAt(before, clock);
  const { retention, knownFor, ladder: rungs } = limits;
  const verifications = before.verifications.map((verification) => age(verification, now, limits));
  const ladders = [...before.ladders].filter(([, climbs]) => now < (climbs.at(-1) ?? 0) + (rungs.at(-1) ?? 0));
  const pools = [...before.pools].map(([who, pool]) => [who, merge(pool, emptyPool())] as const);
  const record: ModelRecord = {
    seen: now,
    verifications: verifications.filter(({ endedAt, expiresAt }) => now < (endedAt ?? expiresAt) + retention),
    ladders: new Map(ladders.map(([who, climbs]) => [who, [...climbs]])),
    pools: new Map([[EVERYONE, emptyPool()], ...pools]),
    known: before.known.filter(({ at }) => now < at + knownFor),
  };
  for (const known of before.known) if (!record.known.includes(known)) forget(record, known.who);
  for (const pool of record.pools.values()) {
    if (now >= pool.runAt + RUN_KEPT) Object.assign(pool, { run: 0, runAt: 0 });
    if (pool.gaveBack !== undefined && now >= pool.gaveBack.at + DAY) pool.gaveBack = undefined;
  }
  const expired = verifications.filter(({ state }, index) => state === 'expired' && before.verifications[index]?.state === 'pending');
  return { record, expired: expired.map(({ name }) => name), hasForgotten: record.known.length < before.known.length };
}

function age(verification: Verification, now: number, limits: Limits): Verification {
  const { attempts, deliveries, code, expiresAt } = verification;
  const aged: Verification = {
    ...verification,
    code: { ...code },
    deliveries: deliveries.map((delivery) => ({ ...delivery })),
    attempts: attempts.filter(({ at }) => now < at + limits.replayFor),
  };
  if (aged.state !== 'pending') return aged;
  if (now >= expiresAt) end(aged, 'expired', expiresAt);
  return aged;
}

/** Whose budgets count: a requester's own where it is known there, else everyone's. */
export function poolOf(record: ModelRecord, owner: Owner): Pool {
  return record.pools.get(whoIs(owner)) ?? record.pools.get(EVERYONE) ?? emptyPool();
}

/** What counts on when somebody becomes known: the messages of theirs that everyone's budgets hold. */
export function sentFor(record: ModelRecord, who: string): number[] {
  const theirs = record.verifications.filter((verification) => whoIs(verification) === who).flatMap(({ deliveries }) => deliveries);
  return (record.pools.get(EVERYONE)?.sends ?? []).filter((sent) => theirs.some(({ at }) => at === sent));
}

export function nextSendAt(record: ModelRecord, target: Verification, limits: Limits): number {
  return Math.max(spacedUntil(record, target, limits), budgetedUntil(record, target, limits), heldUntil(record, target, limits));
}

/** Whether a verification may not be sent again while it lives. */
export function hasSentAll({ state, deliveries }: Verification, { sendsPerVerification }: Limits): boolean {
  const sent = deliveries.filter(({ status }) => status !== 'refused').length;
  return state === 'pending' && sendsPerVerification !== null && sent >= sendsPerVerification;
}

/** Until the end of a life: of one that has sent all it may, and of an owner's last one that was guessed at to its end. */
export function heldUntil({ verifications }: ModelRecord, target: Verification, limits: Limits): number {
  if (hasSentAll(target, limits)) return target.expiresAt;
  const isOwned = target.requester !== undefined || limits.sharePending;
  const theirs = verifications.filter(
    ({ place, service, purpose, requester }) =>
      place.to === target.place.to && service === target.service && purpose === target.purpose && requester === target.requester,
  );
  const last = theirs.at(-1);
  if (!limits.holdUsedUp || !isOwned || theirs.some(({ state }) => state === 'pending') || last?.state !== 'max_attempts_reached') return 0;
  return Math.min(last.expiresAt, (last.endedAt ?? 0) + limits.retention);
}

/** The ladder, and the spacing between any two. */
export function spacedUntil(record: ModelRecord, owner: Owner, limits: Limits): number {
  const { ladder, sharedRung, sendSpacing } = limits;
  const who = whoIs(owner);
  const climbs = ladder.length === 0 ? [] : (record.ladders.get(who) ?? []);
  const rung = ladder[(climbs.length - 1) % ladder.length] ?? 0;
  const last = Math.max(...poolOf(record, owner).sends);
  const climbedAt = climbs.at(-1) ?? Number.NEGATIVE_INFINITY;
  return Math.max(0, last + sendSpacing, climbedAt + (who === EVERYONE ? Math.min(rung, sharedRung) : rung));
}

export function budgetedUntil(record: ModelRecord, owner: Owner, limits: Limits): number {
  const { sendsPerHour, sendsPerDay, knownSendsPerDay } = limits;
  const { sends } = poolOf(record, owner);
  const perDay = record.known.some(({ who }) => who === whoIs(owner)) ? knownSendsPerDay : sendsPerDay;
  return Math.max(windowEnd(sends, HOUR, sendsPerHour), windowEnd(sends, DAY, perDay));
}

/** Until when a message may be under way. */
export function busyUntil({ deliveries }: Verification, limits: Limits): number {
  return Math.max(0, ...deliveries.filter(({ status }) => status === 'sending').map(({ at }) => at + limits.sendingFor));
}

/** A message under way for too long is `unknown`. */
export function readDelivery({ status, at }: Delivery, now: number, limits: Limits): string {
  return status === 'sending' && now >= at + limits.sendingFor ? 'unknown' : status;
}

/** Whose ladder and budgets: a requester within its service, or everyone. */
export function whoIs({ service, requester }: Owner): string {
  return requester === undefined ? EVERYONE : `${service}/${requester}`;
}

export function end(verification: Verification, state: string, at: number): string {
  [verification.state, verification.endedAt] = [state, at];
  return state;
}

/** In every window of `length` at most `limit`; the end of a wait is rounded up to the minute. */
export function windowEnd(uses: readonly number[], length: number, limit: number): number {
  const ends = uses.map((at) => Math.ceil((at + length) / MINUTE) * MINUTE).sort((a, b) => a - b);
  return ends.length < limit ? 0 : (ends[ends.length - limit] ?? 0);
}

/** What a requester used counts for everyone from now on. */
export function forget({ pools }: ModelRecord, who: string): void {
  pools.set(EVERYONE, merge(pools.get(EVERYONE) ?? emptyPool(), pools.get(who) ?? emptyPool()));
  pools.delete(who);
}

export function merge(a: Pool, b: Pool): Pool {
  const [run, runAt] = [Math.max(a.run, b.run), Math.max(a.runAt, b.runAt)];
  const gaveBack = [a.gaveBack, b.gaveBack].sort((left, right) => (right?.at ?? 0) - (left?.at ?? 0))[0];
  return { sends: [...a.sends, ...b.sends], wrong: [...a.wrong, ...b.wrong], run, runAt, disabled: a.disabled || b.disabled, gaveBack };
}
