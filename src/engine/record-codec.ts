import { CHANNELS } from '../core/destination.ts';
import { isEmptyPool } from './budgets.ts';
import {
  type AskedRecord,
  type AttemptRecord,
  type DeliveryRecord,
  type DeliveryState,
  type DestinationRecord,
  EMPTY_POOL,
  type JudgeRecord,
  type LadderRecord,
  type Pool,
  type ReturnedSend,
  type VerificationRecord,
  type VerificationState,
} from './record.ts';
import { toRecordFault } from './record-fault.ts';

/**
 * Records as compact JSON: lists by position instead of names, times relative to the record's own. It is read and written at every call, and
 * kept a million times. A schema version stands in front; a newer one is refused, never guessed at.
 */

/** What a record that cannot be read is called. */
const SUBJECT = 'this destination';

/** The newest version that this code reads. It writes it where a record has what the first could not hold: whoever knows no binding must not judge by half. */
export const RECORD_SCHEMA = 2;

/** What is written for every other record, so that processes of the version before go on beside those of this one. */
const PLAIN_SCHEMA = 1;

const STATES: readonly VerificationState[] = ['pending', 'approved', 'expired', 'max_attempts_reached', 'canceled', 'failed'];
const DELIVERY_STATES: readonly DeliveryState[] = ['sending', 'sent', 'refused', 'unknown'];

/** The text that a store keeps. */
export function encodeRecord({ time, verifications, ladders, shared, known }: DestinationRecord): string {
  const { seen } = time;
  const isPlain = verifications.every(({ binding, note }) => binding === undefined && note === undefined);
  return JSON.stringify([
    isPlain ? PLAIN_SCHEMA : RECORD_SCHEMA,
    seen,
    verifications.map((verification) => packVerification(verification, seen)),
    ladders.map((ladder) => packLadder(ladder, seen)),
    packPool(shared, seen),
    known.map(({ requester, approvedAt, pool }) => [requester, approvedAt - seen, packPool(pool, seen)]),
  ]);
}

/**
 * The record in a text.
 *
 * @throws {CountersignError} `store_unavailable` where the text is no record of ours, or one of a newer version.
 */
export function decodeRecord(body: string): DestinationRecord {
  const [schema, seen, verifications, ladders, shared, known] = parseList(body);
  if (schema !== PLAIN_SCHEMA && schema !== RECORD_SCHEMA)
    throw toRecordFault(SUBJECT, typeof schema === 'number' && schema > RECORD_SCHEMA ? 'newer' : 'foreign');
  const base = number(seen);
  return {
    time: { seen: base, clock: base },
    verifications: list(verifications).map((packed) => unpackVerification(list(packed), base)),
    ladders: list(ladders).map((packed) => unpackLadder(list(packed), base)),
    shared: unpackPool(shared, base),
    known: list(known).map((packed) => {
      const [requester, approvedAt, pool] = list(packed);
      return { requester: text(requester), approvedAt: number(approvedAt) + base, pool: unpackPool(pool, base) };
    }),
  };
}

function packVerification(verification: VerificationRecord, base: number): unknown[] {
  const { code, judge, binding, note } = verification;
  const packed = [
    verification.entryId,
    verification.service,
    verification.purpose,
    verification.requester ?? 0,
    verification.destination,
    verification.masked,
    CHANNELS.indexOf(verification.channel),
    STATES.indexOf(verification.state),
    verification.createdAt - base,
    verification.expiresAt - base,
    verification.endedAt === undefined ? null : verification.endedAt - base,
    [code.keyId, code.length, code.generation, code.guessed ? 1 : 0, code.digest ?? 0],
    verification.wrong,
    verification.deliveries.map((delivery) => packDelivery(delivery, base)),
    verification.sealed ?? 0,
    verification.attempts.map(({ key, at, attemptsLeft, sealed }) => [key, at - base, attemptsLeft ?? 0, sealed ?? 0]),
  ];
  if (binding !== undefined || note !== undefined) return [...packed, judge === undefined ? 0 : packJudge(judge, base), binding ?? 0, note ?? 0];
  return judge === undefined ? packed : [...packed, packJudge(judge, base)];
}

function unpackVerification(packed: readonly unknown[], base: number): VerificationRecord {
  const [
    entryId,
    service,
    purpose,
    requester,
    destination,
    masked,
    channel,
    state,
    createdAt,
    expiresAt,
    endedAt,
    code,
    wrong,
    deliveries,
    sealed,
    attempts,
    judge = 0,
    binding = 0,
    note = 0,
  ] = packed;
  const [keyId, length, generation, guessed, digest] = list(code);
  return {
    entryId: text(entryId),
    service: text(service),
    purpose: text(purpose),
    requester: optionalText(requester),
    destination: text(destination),
    masked: text(masked),
    channel: member(CHANNELS, channel),
    state: member(STATES, state),
    createdAt: number(createdAt) + base,
    expiresAt: number(expiresAt) + base,
    endedAt: endedAt === null ? undefined : number(endedAt) + base,
    code: { keyId: text(keyId), length: number(length), generation: number(generation), guessed: guessed !== 0, digest: optionalText(digest) },
    wrong: number(wrong),
    deliveries: list(deliveries).map((delivery) => unpackDelivery(list(delivery), base)),
    sealed: optionalText(sealed),
    attempts: list(attempts).map((attempt) => unpackAttempt(list(attempt), base)),
    judge: judge === 0 ? undefined : unpackJudge(list(judge), base),
    binding: optionalText(binding),
    note: optionalText(note),
  };
}

function packJudge({ provider, reference, isOpen, asked }: JudgeRecord, base: number): unknown[] {
  return [provider, reference ?? 0, isOpen ? 1 : 0, asked.map(({ id, at, attempt }) => [id, at - base, attempt ?? 0])];
}

function unpackJudge([provider, reference, isOpen, asked]: readonly unknown[], base: number): JudgeRecord {
  const unpackAsked = ([id, at, attempt]: readonly unknown[]): AskedRecord => ({
    id: text(id),
    at: number(at) + base,
    attempt: optionalText(attempt),
  });
  return {
    provider: text(provider),
    reference: optionalText(reference),
    isOpen: isOpen !== 0,
    asked: list(asked).map((guess) => unpackAsked(list(guess))),
  };
}

function packDelivery({ id, channel, state, at, before }: DeliveryRecord, base: number): unknown[] {
  const packed = [id, CHANNELS.indexOf(channel), DELIVERY_STATES.indexOf(state), at - base];
  return before === undefined ? packed : [...packed, packLadder(before, base)];
}

function unpackDelivery([id, channel, state, at, before]: readonly unknown[], base: number): DeliveryRecord {
  return {
    id: text(id),
    channel: member(CHANNELS, channel),
    state: member(DELIVERY_STATES, state),
    at: number(at) + base,
    before: before === undefined ? undefined : unpackLadder(list(before), base),
  };
}

function unpackAttempt([key, at, attemptsLeft, sealed]: readonly unknown[], base: number): AttemptRecord {
  const left = number(attemptsLeft);
  return { key: text(key), at: number(at) + base, attemptsLeft: left === 0 ? undefined : left, sealed: optionalText(sealed) };
}

function packLadder({ requester, step, at }: LadderRecord, base: number): unknown[] {
  return [requester, step, at - base];
}

function unpackLadder([requester, step, at]: readonly unknown[], base: number): LadderRecord {
  return { requester: text(requester), step: number(step), at: number(at) + base };
}

function packPool(pool: Pool, base: number): unknown {
  if (isEmptyPool(pool)) return 0;
  const relative = (at: number) => at - base;
  const { returned } = pool;
  const packed = [pool.sends.map(relative), pool.wrong.map(relative), pool.run, pool.run === 0 ? 0 : pool.runAt - base, pool.disabled ? 1 : 0];
  return returned === undefined ? packed : [...packed, [returned.by ?? 0, returned.at - base]];
}

function unpackPool(packed: unknown, base: number): Pool {
  if (packed === 0) return EMPTY_POOL;
  const [sends, wrong, run, runAt, disabled, returned] = list(packed);
  const absolute = (at: unknown) => number(at) + base;
  const wrongInARow = number(run);
  return {
    sends: list(sends).map(absolute),
    wrong: list(wrong).map(absolute),
    run: wrongInARow,
    runAt: wrongInARow === 0 ? 0 : absolute(runAt),
    disabled: disabled !== 0,
    returned: returned === undefined ? undefined : unpackReturned(list(returned), base),
  };
}

function unpackReturned([by, at]: readonly unknown[], base: number): ReturnedSend {
  return { by: optionalText(by), at: number(at) + base };
}

function parseList(body: string): readonly unknown[] {
  try {
    return list(JSON.parse(body));
  } catch {
    throw toRecordFault(SUBJECT, 'foreign');
  }
}

/** Ensure that nothing missing or of another type is taken for a count: a limit compared with `undefined` would always pass. */
function number(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw toRecordFault(SUBJECT, 'damaged');
  return value as number;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw toRecordFault(SUBJECT, 'damaged');
  return value;
}

function optionalText(value: unknown): string | undefined {
  return value === 0 ? undefined : text(value);
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw toRecordFault(SUBJECT, 'damaged');
  return value;
}

function member<T>(members: readonly T[], position: unknown): T {
  const found = members[number(position)];
  if (found === undefined) throw toRecordFault(SUBJECT, 'damaged');
  return found;
}
