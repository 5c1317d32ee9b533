import { equalInConstantTime } from '../core/codes.ts';
import { MINUTE } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { type Decide, type Decision, JOURNAL_RETENTION } from '../stores/store.ts';
import { type Act, toActEntry } from './act.ts';
import type { ApiKey, ApiKeyFields } from './api-key.ts';
import { type ApiKeyRecord, decodeApiKey, encodeApiKey, latestOf, toApiKey } from './api-key-record.ts';

/** What operators and uses do to an API key, as rules on its record. Each act is journalled with the write; a use is not. */

/** How long the secret before a rotation stays good. One more rotation ends it at once: never are more than two good. */
export const PREVIOUS_SECRET_LIFE: number = 10 * MINUTE;

/** A use is written down when the last that was is this long ago. */
const LAST_USED_STEP: number = MINUTE;

/** What a secret is compared with where there is none: of the same length, and equal to no hash. */
const NO_HASH = '='.repeat(43);

/** A command on one API key. */
export interface ApiKeyAct extends Act {
  readonly id: string;
}

/** Makes an API key. @param hash of its secret. */
export function decideCreateApiKey(fields: ApiKeyFields, hash: string, { id, by }: ApiKeyAct): Decide<ApiKey> {
  return (body, now) => {
    if (body !== undefined) throw new CountersignError('conflict', 'an API key of this id is there already');
    const record = { fields, createdAt: now, hash, previous: undefined, lastUsedAt: undefined, revokedAt: undefined };
    const entry = toActEntry('api_key_created', fields.service ?? '', now, { by, keyId: id, scopes: fields.scopes });
    return { ...write(id, record), entries: [entry] };
  };
}

/** Puts a new secret in the place of the old; undefined where there is no such key, or where it is revoked. @param hash of the new secret. */
export function decideRotateApiKey(hash: string, { id, by }: ApiKeyAct): Decide<ApiKey | undefined> {
  return decideOn((record, now, clock) => {
    if (record.hash === undefined) return { result: undefined };
    const previous = { hash: record.hash, until: now + PREVIOUS_SECRET_LIFE, rotatedAt: now };
    const entry = toActEntry('api_key_rotated', record.fields.service ?? '', clock, { by, keyId: id });
    return { ...write(id, { ...record, hash, previous }), entries: [entry] };
  });
}

/** Ends an API key; undefined where there is none. Again changes nothing. The record is shown for as long as the journal tells of it. */
export function decideRevokeApiKey({ id, by }: ApiKeyAct): Decide<ApiKey | undefined> {
  return decideOn((record, now, clock) => {
    if (record.revokedAt !== undefined) return { result: toApiKey(id, record) };
    const entry = toActEntry('api_key_revoked', record.fields.service ?? '', clock, { by, keyId: id });
    const revoked = { ...record, hash: undefined, previous: undefined, revokedAt: now };
    return { ...write(id, revoked), entries: [entry] };
  });
}

/** Writes a use down, where that is due; a secret that is over goes with it. */
export function decideTouchApiKey(id: string): Decide<ApiKey | undefined> {
  return decideOn((record, now) => {
    if (!isTouchDue(record, now)) return { result: undefined };
    const previous = record.previous !== undefined && now < record.previous.until ? record.previous : undefined;
    return write(id, { ...record, previous, lastUsedAt: now });
  });
}

/** Whether a use should be written down. @param now milliseconds of the store's clock. */
export function isTouchDue({ revokedAt, lastUsedAt }: ApiKeyRecord, now: number): boolean {
  return revokedAt === undefined && (lastUsedAt === undefined || now - lastUsedAt >= LAST_USED_STEP);
}

/**
 * Whether a secret is good for a key, in constant time: both hashes are always compared, and those of a key that is unknown or revoked with one that nothing
 * is equal to, so that how long it takes tells nothing.
 *
 * @param hash of the secret given.
 * @param now milliseconds of the store's clock.
 */
export function isSecretGood(record: ApiKeyRecord | undefined, hash: string, now: number): boolean {
  const time = record === undefined ? now : Math.max(now, latestOf(record));
  const isCurrent = equalInConstantTime(hash, record?.hash ?? NO_HASH);
  const isPrevious = equalInConstantTime(hash, record?.previous?.hash ?? NO_HASH);
  return isCurrent || (isPrevious && time < (record?.previous?.until ?? 0));
}

function decideOn(rule: (record: ApiKeyRecord, now: number, clock: number) => Decision<ApiKey | undefined>): Decide<ApiKey | undefined> {
  return (body, clock) => {
    if (body === undefined) return { result: undefined };
    const record = decodeApiKey(body);
    return rule(record, Math.max(clock, latestOf(record)), clock);
  };
}

function write(id: string, record: ApiKeyRecord): Decision<ApiKey> {
  const expiresAt = record.revokedAt === undefined ? undefined : record.revokedAt + JOURNAL_RETENTION;
  return { result: toApiKey(id, record), next: { body: encodeApiKey(record), expiresAt } };
}
