import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { toCounterId } from './counter-id.ts';
import { CountersignError } from './errors.ts';

/** Where every key comes from. Give `secret`, or `keys` to rotate; the first issues, all are accepted. */
export interface KeyOptions {
  /** At least 32 bytes (UTF-8), from a random source: `openssl rand -base64 48`. Missing or short → `configuration_invalid`. */
  readonly secret?: string | undefined;
  /**
   * For rotation: put the new key first, keep the old ones for as long as a verification lives. An id is 1–32 letters, digits, `-` or `_`; without one it
   * is derived from the secret, as it is for a single `secret`.
   */
  readonly keys?: readonly GivenKey[] | undefined;
  /**
   * Secret of the keyed hashes that limits are found by. It must not rotate: with another one every limit would start anew.
   * @defaultValue derived from the **last** of `keys`
   */
  readonly indexSecret?: string | undefined;
}

/** One of several secrets. */
export interface GivenKey {
  readonly id?: string;
  readonly secret: string;
}

/** The keys that one secret gives, each for one use (RFC 5869). */
export interface IssuingKeys {
  readonly id: string;
  /** Derives codes. */
  readonly code: KeyObject;
  /** Seals destinations. */
  readonly seal: KeyObject;
  /** Hashes codes given by the caller. */
  readonly digest: KeyObject;
  /** The 32 bytes that are the private key of Ed25519 (RFC 8032 §5.1.5), which signs proofs. */
  readonly proof: KeyObject;
}

/** What is kept of the pair that a resend counter is for: keyed hashes, of which neither id can be read. */
export interface CounterKey {
  /** Of both together: a whole number from 1 to 2⁵³ − 1, by which the counter is found. */
  readonly id: number;
  /** Of the unique id alone, 22 characters. */
  readonly uniqueId: string;
  /** Of the user id alone, 22 characters. */
  readonly userId: string;
}

/** All keys of one verifier. */
export interface KeyRing {
  readonly issuing: IssuingKeys;
  /** All that are accepted, the issuing ones first. */
  readonly all: readonly IssuingKeys[];
  /** The keys with this id; undefined when they were retired. */
  find(keyId: string): IssuingKeys | undefined;
  /** Keyed hash of the folded destination: its first 8 bytes name the record. */
  limitKey(folded: string): Buffer;
  /** Keyed hash of the exact destination, 22 characters: the identity. */
  destinationKey(canonical: string): string;
  /** Keyed hash of a requester within a service, 22 characters. */
  requesterKey(service: string, requester: string): string;
  /** Keyed hashes of the pair that a resend counter is for. Any two texts will do, NUL and half surrogate pairs included: no two pairs are taken for one. */
  counterKey(uniqueId: string, userId: string): CounterKey;
  /** Keyed hash of an API key's secret, 43 characters. It is bound to the key's id: in another key's record it is worth nothing. */
  apiSecretHash(apiKeyId: string, secret: string): string;
  /** AES-256 key of verification ids. */
  readonly id: KeyObject;
  /** Hashes what a check has to say beside a code. */
  readonly binding: KeyObject;
  /** Hashes attempt ids, and is what an attempt's seal is derived from. */
  readonly attempt: KeyObject;
  /** Hashes idempotency keys and the requests they came with, and is what the seal of a kept answer is derived from. */
  readonly idempotency: KeyObject;
  /** Makes the links of page sessions, hashes who opened them and what they came to, and seals what is in them. */
  readonly session: KeyObject;
  /** Hashes the API keys and the client addresses that requests are counted by, and the values that starts are. */
  readonly rate: KeyObject;
  /** What Twilio's clients are told that everything here belongs to: `AC` + 32 lower-case hex, the same for all and as long as the index secret stays. */
  readonly accountSid: string;
  /** What a store keeps to recognise the index secret: 22 characters that tell nothing of it. */
  readonly fingerprint: string;
}

/** 256 bits: what HMAC-SHA-256 and AES-256 take in full. */
const MIN_SECRET_BYTES = 32;

/**
 * Derives every key by HKDF-SHA-256 from the secrets given.
 *
 * @throws {CountersignError} `configuration_invalid` for a missing, short or doubly named secret.
 */
export function createKeyRing({ secret, keys, indexSecret }: KeyOptions): KeyRing {
  const given = resolveSecrets(secret, keys);
  const all = given.map(deriveIssuingKeys) as [IssuingKeys, ...IssuingKeys[]];
  const byId = new Map(all.map((keys) => [keys.id, keys]));
  const index = deriveIndex(given.at(-1)?.secret, indexSecret);
  const hashKey = createSecretKey(expand(index, 'hash'));
  return {
    issuing: all[0],
    all,
    find: (keyId) => byId.get(keyId),
    limitKey: (folded) => hmac(hashKey, `limit\0${folded}`).subarray(0, 8),
    destinationKey: (canonical) => shortHash(hashKey, `destination\0${canonical}`),
    requesterKey: (service, requester) => shortHash(hashKey, `requester\0${service}\0${requester}`),
    counterKey: (uniqueId, userId) => deriveCounterKey(hashKey, uniqueId, userId),
    // In full: it stands for a secret, and nothing is gained by a shorter one.
    apiSecretHash: (apiKeyId, secret) => createHmac('sha256', hashKey).update(`api-secret\0${apiKeyId}\0${secret}`).digest('base64url'),
    id: createSecretKey(expand(index, 'id')),
    binding: createSecretKey(expand(index, 'binding')),
    attempt: createSecretKey(expand(index, 'attempt')),
    idempotency: createSecretKey(expand(index, 'idempotency')),
    session: createSecretKey(expand(index, 'session')),
    rate: createSecretKey(expand(index, 'rate')),
    accountSid: `AC${hmac(createSecretKey(expand(index, 'account')), 'account').toString('hex', 0, 16)}`,
    fingerprint: shortHash(createSecretKey(expand(index, 'fingerprint')), 'fingerprint'),
  };
}

/** HMAC-SHA-256. */
export function hmac(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** The first 16 bytes of HMAC-SHA-256 as 22 base64url characters: 128 bits, so that two texts never share one by chance. */
export function shortHash(key: KeyObject, text: string): string {
  return hmac(key, text).toString('base64url', 0, 16);
}

/**
 * As JSON, because a pair joined by any one character has two readings, and because UTF-8 writes every half of a surrogate pair as the same U+FFFD: both
 * would give one person another's counter.
 */
function deriveCounterKey(key: KeyObject, uniqueId: string, userId: string): CounterKey {
  return {
    id: toCounterId(hmac(key, `counter\0${JSON.stringify([uniqueId, userId])}`)),
    uniqueId: shortHash(key, `counter-unique-id\0${JSON.stringify(uniqueId)}`),
    userId: shortHash(key, `counter-user-id\0${JSON.stringify(userId)}`),
  };
}

function resolveSecrets(secret: KeyOptions['secret'], keys: KeyOptions['keys']): readonly Required<GivenKey>[] {
  if (secret !== undefined && keys !== undefined) throw invalid('give either `secret` or `keys`, not both', 'secret');
  if (keys === undefined) {
    assertSecret(secret, 'secret');
    return [{ id: deriveKeyId(secret), secret }];
  }
  if (!Array.isArray(keys) || keys.length === 0) throw invalid('`keys` must be a list of at least one `{ secret }`', 'keys');
  const resolved = Array.from(keys, resolveKey);
  const twice = resolved.findIndex(({ id }, position) => resolved.findIndex((other) => other.id === id) < position);
  if (twice >= 0) throw invalid(`\`keys[${twice}].id\` is used twice`, 'keys');
  return resolved;
}

function resolveKey(key: GivenKey | undefined | null, position: number): Required<GivenKey> {
  const secret = key?.secret;
  assertSecret(secret, `keys[${position}].secret`);
  const { id = deriveKeyId(secret) } = key ?? {};
  if (typeof id === 'string' && /^[A-Za-z0-9_-]{1,32}$/.test(id)) return { id, secret };
  throw invalid(`\`keys[${position}].id\` must be 1 to 32 letters, digits, "-" or "_"`, 'keys');
}

/** 32 bits tell the keys of one deployment apart; they tell nothing of the secret. */
function deriveKeyId(secret: string): string {
  return Buffer.from(derive(secret, 'id')).toString('hex', 0, 4);
}

function assertSecret(secret: unknown, field: string): asserts secret is string {
  if (secret === undefined || secret === '') throw invalid(`\`${field}\` is missing: give at least ${MIN_SECRET_BYTES} random bytes`, field);
  if (typeof secret !== 'string') throw invalid(`\`${field}\` must be a string`, field);
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) throw invalid(`\`${field}\` is shorter than ${MIN_SECRET_BYTES} bytes`, field);
}

/** What limits are found by: it stays when keys rotate, so it comes from the last key, which a rotation never touches, or from a secret of its own. */
function deriveIndex(lastSecret: string | undefined, indexSecret: string | undefined): Uint8Array {
  if (indexSecret === undefined) return derive(lastSecret ?? '', 'index');
  assertSecret(indexSecret, 'indexSecret');
  // As from the last key: so the secret a deployment began with can become its `indexSecret`, and its keys rotate freely.
  return derive(indexSecret, 'index');
}

function deriveIssuingKeys({ id, secret }: Required<GivenKey>): IssuingKeys {
  const use = (name: string) => createSecretKey(derive(secret, name));
  return { id, code: use('code'), seal: use('seal'), digest: use('digest'), proof: use('proof') };
}

function derive(secret: string, use: string): Uint8Array {
  return expand(toBytes(secret), use);
}

function expand(secret: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), `countersign/1/${use}`, 32));
}

function toBytes(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}

function invalid(message: string, field: string): CountersignError {
  return new CountersignError('configuration_invalid', message, { field });
}
