import type { RecordBody, RecordKey } from '../stores/store.ts';
import { type ApiKey, type ApiKeyFields, readStoredApiKey } from './api-key.ts';
import { createUnpacker } from './packed.ts';

/** The version this code writes, and the newest it reads. */
const API_KEY_SCHEMA = 1;

/** The kind of these records and the partition that they are listed by. */
export const API_KEY_KIND = 'api_key';

/** One API key as a store keeps it. Times are milliseconds of the store's clock. */
export interface ApiKeyRecord {
  readonly fields: ApiKeyFields;
  readonly createdAt: number;
  /** Keyed hash of the secret; undefined once it is revoked. */
  readonly hash: string | undefined;
  /** Of the secret before, which a rotation leaves good for a while. */
  readonly previous: PreviousSecret | undefined;
  readonly lastUsedAt: number | undefined;
  readonly revokedAt: number | undefined;
}

/** A secret that was replaced. */
export interface PreviousSecret {
  readonly hash: string;
  /** It is good before this time and not at it. */
  readonly until: number;
  /** When it was replaced. */
  readonly rotatedAt: number;
}

const { open, number, text, list, damaged } = createUnpacker('this API key');

/** Which record an API key has. */
export function toApiKeyKey(id: string): RecordKey {
  return { kind: API_KEY_KIND, partition: API_KEY_KIND, id };
}

/** The text that a store keeps: a list by position, times relative to the first. */
export function encodeApiKey({ fields, createdAt, hash, previous, lastUsedAt, revokedAt }: ApiKeyRecord): RecordBody {
  const since = (time: number | undefined) => (time === undefined ? 0 : [time - createdAt]);
  return JSON.stringify([
    API_KEY_SCHEMA,
    createdAt,
    fields.name,
    fields.service,
    fields.scopes,
    hash ?? 0,
    previous === undefined ? 0 : [previous.hash, previous.until - createdAt, previous.rotatedAt - createdAt],
    since(lastUsedAt),
    since(revokedAt),
  ]);
}

/**
 * The API key in a text.
 *
 * @throws {CountersignError} `store_unavailable` where the text is no API key of ours, or one of a newer version.
 */
export function decodeApiKey(body: RecordBody): ApiKeyRecord {
  const [created, name, service, scopes, hash, previous, lastUsed, revoked] = list(open(body, API_KEY_SCHEMA), 8);
  const createdAt = number(created);
  const fields = readStoredApiKey({ name, service, scopes });
  if (fields === undefined) throw damaged();
  const time = (packed: unknown) => (packed === 0 ? undefined : number(list(packed, 1)[0], 0) + createdAt);
  const record = {
    fields,
    createdAt,
    hash: hash === 0 ? undefined : unpackHash(hash),
    previous: previous === 0 ? undefined : unpackPrevious(previous, createdAt),
    lastUsedAt: time(lastUsed),
    revokedAt: time(revoked),
  };
  // Ensure that nothing is read as a revoked key with a secret, or as a good one without.
  if ((record.hash === undefined) !== (record.revokedAt !== undefined) || (record.hash === undefined && record.previous !== undefined))
    throw damaged();
  return record;
}

/** The record of a key that nobody has, to be read where there is none. */
export function createDecoy(service: string): RecordBody {
  const fields: ApiKeyFields = { name: 'a key of a service', service, scopes: ['start', 'check'] };
  return encodeApiKey({ fields, createdAt: 0, hash: '-'.repeat(43), previous: undefined, lastUsedAt: 0, revokedAt: undefined });
}

/** The latest time that a record has seen: a clock that is set back revives no secret. */
export function latestOf({ createdAt, previous, lastUsedAt, revokedAt }: ApiKeyRecord): number {
  return Math.max(createdAt, previous?.rotatedAt ?? 0, lastUsedAt ?? 0, revokedAt ?? 0);
}

/** An API key as operators see it. */
export function toApiKey(id: string, { fields, createdAt, lastUsedAt, revokedAt }: ApiKeyRecord): ApiKey {
  return Object.freeze({ id, ...fields, createdAt: toText(createdAt), lastUsedAt: toText(lastUsedAt), revokedAt: toText(revokedAt) });
}

function toText(time: number): string;
function toText(time: number | undefined): string | null;
function toText(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function unpackPrevious(packed: unknown, createdAt: number): PreviousSecret {
  const [hash, until, rotatedAt] = list(packed, 3);
  return { hash: unpackHash(hash), until: number(until, 0) + createdAt, rotatedAt: number(rotatedAt, 0) + createdAt };
}

/** Ensure that no hash is short: what compares equal must be a whole one. */
function unpackHash(packed: unknown): string {
  if (!/^[\w-]{43}$/.test(text(packed))) throw damaged();
  return packed as string;
}
