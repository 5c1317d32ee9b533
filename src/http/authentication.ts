import { CountersignError } from '../core/errors.ts';
import type { ApiKey, Scope } from '../engine/api-key.ts';
import type { Tenants } from '../engine/tenants.ts';
import { HttpProblem } from './problem.ts';

/** An id and secret as a header gives them. */
interface Credentials {
  readonly id: string;
  readonly secret: string;
}

/** The longest header that is looked at: an id, a secret and a scheme take 80 characters. */
const MAX_LENGTH = 512;

/**
 * Finds the API key of a request: `Authorization: Basic` with `SK…:secret`, or `Bearer SK….secret`.
 *
 * @throws {HttpProblem} 401, which says whether a key was given at all; whether one is unknown or revoked, or its secret wrong, it does not tell.
 */
export async function authenticate(header: string | undefined, tenants: Pick<Tenants, 'authenticate'>): Promise<ApiKey> {
  const credentials = header === undefined || header.length > MAX_LENGTH ? undefined : parseAuthorization(header);
  const key = credentials && (await tenants.authenticate(credentials.id, credentials.secret));
  if (key !== undefined) return key;
  throw new HttpProblem({
    status: 401,
    code: 'unauthorized',
    detail:
      credentials === undefined
        ? 'give an API key: `Authorization: Basic` with id:secret in base64, or `Bearer` with id.secret'
        : 'this API key is not known here, or its secret is wrong',
    headers: { 'www-authenticate': 'Basic realm="countersign", charset="UTF-8"' },
  });
}

/** Ensure that a key does only what it was made for. @throws {CountersignError} `forbidden`. */
export function assertScope(key: ApiKey, scope: Scope): void {
  if (!key.scopes.includes(scope)) throw new CountersignError('forbidden', `this API key lacks the scope ${scope}`);
}

/** Ensure that acts over all services are those of keys for all services. @throws {CountersignError} `forbidden`. */
export function assertAllServices(key: ApiKey): void {
  if (key.service !== null) throw new CountersignError('forbidden', 'this takes an API key for all services');
}

function parseAuthorization(header: string): Credentials | undefined {
  const [, scheme = '', value = ''] = /^(basic|bearer) +([A-Za-z0-9+/=._~-]+)$/i.exec(header) ?? [];
  const text = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('latin1') : value;
  const at = text.search(/[:.]/);
  return at < 0 ? undefined : { id: text.slice(0, at), secret: text.slice(at + 1) };
}
