import type { FastifyRequest } from 'fastify';
import { createAllowedMethods, toPathPattern } from '../allowed-methods.ts';
import { toSafePath } from './safe-path.ts';
import { notFound, TwilioError } from './twilio-errors.ts';
import type { TwilioOperation } from './twilio-operation.ts';

/** What there is under a prefix, and what clients may look for in vain. */
export interface KnownPaths {
  readonly prefix: string;
  readonly operations: readonly Pick<TwilioOperation, 'path' | 'method'>[];
  /** Paths of Twilio's that are not offered. */
  readonly notOffered: readonly string[];
}

/**
 * Refuses what no route takes: another verb at a path that is offered, a path of Twilio's that is not, and what is nowhere. Applications match on
 * "was not found", with which both of the last end.
 */
export function createRefusal({ prefix, operations, notOffered }: KnownPaths): (request: Pick<FastifyRequest, 'url'>) => never {
  const allowedAt = createAllowedMethods(operations.map(({ path, method }) => ({ path: prefix + path, method })));
  const missing = notOffered.map((path) => toPathPattern(prefix + path));
  return ({ url }) => {
    const allow = allowedAt(url);
    if (allow !== undefined) throw new TwilioError(20004, { headers: { allow } });
    const [path = ''] = url.split('?');
    if (!missing.some((pattern) => pattern.test(path))) throw notFound();
    throw new TwilioError(20404, { message: `Not offered here: the requested resource ${toSafePath(url)} was not found` });
  };
}
