import type { Static, TSchema } from 'typebox';
import type { Secret } from '../core/secret.ts';
import type { ApiKey, Scope } from '../engine/api-key.ts';
import type { ServiceSettings } from '../engine/service-settings.ts';
import type { RestParts } from './rest-parts.ts';

/** What a handler is given: checked values, and the key that acts. */
export interface Call<Params, Query, Body> {
  readonly parts: RestParts;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** What makes a guess of a request with an idempotency key the same when it runs again. */
  readonly attemptId: string | undefined;
  /** The key that acts; not to be asked for where an operation is public. */
  readonly key: ApiKey;
  /** The service that is acted for: the key's, or the one that the request names. */
  service(): Promise<ServiceSettings>;
}

/** What a handler answers. It is kept as it is where there is an idempotency key, so that it holds no secret. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Leaves with the body under the name `secret`, once: it is never kept. */
  readonly secret?: Secret;
}

/** One answer as the document describes it. */
export interface ResponseSpec {
  readonly description: string;
  /** Absent where there is no body. */
  readonly schema?: TSchema;
  readonly example?: unknown;
  /** @defaultValue `application/json` */
  readonly contentType?: string;
}

/** What an operation is made of. The route, the checks of its input, and its part of the OpenAPI document come from this alone. */
export interface OperationSpec<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As in OpenAPI: `/v1/verifications/{id}/check`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What the key needs; absent where anybody may ask. */
  readonly scope?: Scope;
  /** Whether only a key for all services may. */
  readonly isOperators?: boolean;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** A body that works. */
  readonly example?: unknown;
  /** The answers that are no problem. */
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** Statuses of problems beyond those that every operation of its kind may answer. */
  readonly problems?: readonly number[];
  handle(call: Call<Static<P>, Static<Q>, Static<B>>): Promise<Answer>;
  /** Makes what leaves of what was answered, also of what was kept for an idempotency key. */
  finish?(body: unknown, parts: RestParts): unknown;
}

/** An operation whose types were checked where it was made. */
export type Operation = Omit<OperationSpec<TSchema, TSchema, TSchema>, 'handle'> & {
  handle(call: Call<unknown, unknown, unknown>): Promise<Answer>;
};

/** Makes an operation: its handler gets values of the types that its schemas stand for. */
export function operation<P extends TSchema, Q extends TSchema, B extends TSchema>(spec: OperationSpec<P, Q, B>): Operation {
  return spec as unknown as Operation;
}
