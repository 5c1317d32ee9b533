import { isServiceId } from '../core/tenant-ids.ts';
import { assertNoFaults, type Checks, checkFields, isObject, listOf, must, orNull } from './faults.ts';
import { nameCheck, storedNameCheck } from './parse-service.ts';

/** What an API key may do: begin and repeat sends, judge guesses, look, and operate. */
export const SCOPES = ['start', 'check', 'read', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** An API key as operators see it. Its secret is shown once, when it is made, and kept nowhere. Times are ISO-8601. */
export interface ApiKey extends ApiKeyFields {
  /** `SK` + 32 lower-case hex. */
  readonly id: string;
  readonly createdAt: string;
  /** The last use that was written down, which is at most once a minute; null for none. */
  readonly lastUsedAt: string | null;
  /** From when on it is good for nothing; null where it is good. */
  readonly revokedAt: string | null;
}

/** The part that an operator gives. */
export interface ApiKeyFields {
  /** 1–64 characters. */
  readonly name: string;
  /** The one service that it acts for; null for all, which has to be said. */
  readonly service: string | null;
  /** One or more, in the order of {@link SCOPES}. */
  readonly scopes: readonly Scope[];
}

const CHECKS: Checks<ApiKeyFields> = {
  name: nameCheck,
  service: orNull(must('must be the id of a service, or null for all', isServiceId)),
  scopes: listOf(`of ${SCOPES.join(', ')}`, SCOPES.length, (scope) => (SCOPES as readonly string[]).includes(scope)),
};

/**
 * The fields of a new API key.
 *
 * @throws {CountersignError} `invalid_request`, naming every field at fault and no value.
 */
export function parseApiKey(input: unknown): ApiKeyFields {
  if (!isObject(input)) assertNoFaults([{ field: 'input', problem: 'must be an object' }]);
  const given = input as Readonly<Record<string, unknown>>;
  const missing = Object.keys(CHECKS).filter((name) => given[name] === undefined);
  assertNoFaults([...missing.map((field) => ({ field, problem: 'is missing' })), ...checkFields(given, CHECKS)]);
  return toApiKeyFields(given as unknown as ApiKeyFields);
}

/** Whether fields are what {@link parseApiKey} once gave; undefined otherwise. */
export function readStoredApiKey(value: Readonly<Record<keyof ApiKeyFields, unknown>>): ApiKeyFields | undefined {
  return checkFields(value, { ...CHECKS, name: storedNameCheck }).length > 0 ? undefined : toApiKeyFields(value as ApiKeyFields);
}

function toApiKeyFields({ name, service, scopes }: ApiKeyFields): ApiKeyFields {
  return { name, service, scopes: Object.freeze(SCOPES.filter((scope) => scopes.includes(scope))) };
}
