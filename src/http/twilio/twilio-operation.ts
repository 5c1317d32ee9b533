import type { ApiKey } from '../../engine/api-key.ts';
import type { ServiceSettings } from '../../engine/service-settings.ts';
import type { DoorRules } from '../door.ts';
import type { Fields } from './fields.ts';
import type { ParameterNames } from './to-twilio-error.ts';
import { notFound } from './twilio-errors.ts';
import type { TwilioParts } from './twilio-parts.ts';

/** What a handler is given. */
export interface TwilioCall {
  readonly parts: TwilioParts;
  /** Of the path, decoded: a plus is a plus. */
  readonly params: Readonly<Record<string, string>>;
  /** Of the body, or of the query where the method has none. */
  readonly fields: Fields;
  readonly key: ApiKey;
}

/** What a handler answers. */
export interface TwilioAnswer {
  readonly status: 200 | 201 | 204;
  /** Absent with 204. */
  readonly body?: object;
}

/** One operation of Twilio's document that is offered here. */
export interface TwilioOperation extends Required<Pick<DoorRules, 'scope'>>, Pick<DoorRules, 'isOperators'> {
  /** Its `operationId` there. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As there, behind `/v2`: `/Services/{ServiceSid}/Verifications`. */
  readonly path: string;
  /** What the engine calls its parameters. */
  readonly names?: ParameterNames;
  handle(call: TwilioCall): Promise<TwilioAnswer>;
}

/**
 * The service that a path names. Ensure that a key of one service finds another as little as one that is not there, and nobody one that was not made for
 * this door: its clients count on rules that other services do not have.
 *
 * @throws {TwilioError} 20404.
 */
export async function findService({ parts, key }: TwilioCall, sid: string | undefined): Promise<ServiceSettings> {
  const isOurs = sid !== undefined && (key.service === null || key.service === sid);
  const service = isOurs ? await parts.tenants.getService(sid) : undefined;
  if (service?.compatibility === 'twilio') return service;
  throw notFound();
}
