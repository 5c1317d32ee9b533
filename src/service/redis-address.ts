import { CountersignError } from '../core/errors.ts';
import type { RedisRisk, RedisStoreOptions } from '../stores/redis.ts';

/** What may stand behind the `?` of an address. */
const PARAMETERS = ['prefix', 'acknowledge', 'waitReplicas', 'waitTimeout'];

/**
 * The settings of a Redis store in an address: one server, or the nodes of a cluster with commas between them, and behind the `?` of any of them what is
 * not for ioredis but for the store: `prefix`, `acknowledge` (once for each), `waitReplicas` and `waitTimeout`.
 *
 * @throws {CountersignError} `configuration_invalid` for words that nobody knows. The address is not repeated: it holds a password. What is wrong with
 * a value the store says, in words of its own.
 */
export function parseRedisAddress(address: string): RedisStoreOptions {
  const parts = address.split(',').map((part) => part.split('?', 2) as [url: string, search?: string]);
  const given = new URLSearchParams(parts.flatMap(([, search]) => search ?? []).join('&'));
  if ([...given.keys()].some((name) => !PARAMETERS.includes(name))) {
    throw invalid(`the address of Redis may say ${PARAMETERS.join(', ')} behind its "?", and nothing else`);
  }
  if (PARAMETERS.some((name) => name !== 'acknowledge' && given.getAll(name).length > 1)) {
    throw invalid('the address of Redis says something twice behind its "?"');
  }
  const [prefix, replicas, timeout] = ['prefix', 'waitReplicas', 'waitTimeout'].map((name) => given.get(name));
  const acknowledge = given.getAll('acknowledge') as RedisRisk[];
  if ((replicas == null) !== (timeout == null)) throw invalid('waitReplicas and waitTimeout in the address of Redis belong together');
  const urls = parts.map(([url]) => url);
  return {
    url: urls.length === 1 ? String(urls[0]) : urls,
    ...(prefix != null && { prefix }),
    ...(acknowledge.length > 0 && { acknowledge }),
    ...(replicas != null && { wait: { replicas: toWhole(replicas), timeout: toWhole(timeout) } }),
  };
}

/** Not a number where it is none: the store has the bounds. */
function toWhole(text: string | null | undefined): number {
  return /^\d{1,9}$/.test(text ?? '') ? Number(text) : Number.NaN;
}

function invalid(message: string): CountersignError {
  return new CountersignError('configuration_invalid', message, { field: 'database' });
}
