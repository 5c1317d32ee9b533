import { isDeepStrictEqual } from 'node:util';
import { CountersignError } from '../core/errors.ts';
import type { Decide, Decision } from '../stores/store.ts';
import { type Act, toActEntry } from './act.ts';
import { parseService, parseServicePatch } from './parse-service.ts';
import { decodeService, encodeDeletedService, encodeService, type ServiceRecord, toServiceSettings } from './service-record.ts';
import type { DeploymentLimits, ServiceFields, ServiceSettings } from './service-settings.ts';

/**
 * What operators do to a service, as rules on its record. Input is judged inside: by the store's clock, and a patch beside what the record is then, so that
 * of two at once both apply. Each act is journalled with the write.
 */

/** A command on one service. */
export interface ServiceAct extends Act {
  readonly id: string;
  readonly deployment: DeploymentLimits;
}

/** Makes a service. @throws {CountersignError} from the store's `update`: `invalid_request`, naming every field at fault. */
export function decideCreateService(input: unknown, { id, deployment, by }: ServiceAct): Decide<ServiceSettings> {
  return (body, now) => {
    if (body !== undefined) throw new CountersignError('conflict', 'a service of this id is there already');
    const fields = parseService(input, { deployment, now });
    const entry = toActEntry('service_created', id, now, { by, ...describeTest(fields) });
    return { ...write(id, { fields, createdAt: now, updatedAt: now }), entries: [entry] };
  };
}

/**
 * Makes a service of Twilio's under the id that it has there. One that is there already stays as it is.
 *
 * @throws as {@link decideCreateService}, and `conflict` where the one that is there was not made for Twilio's clients: they would not find it.
 */
export function decideImportService(input: unknown, act: ServiceAct): Decide<'made' | 'already_there'> {
  const create = decideCreateService(input, act);
  return (body, now) => {
    const record = body === undefined ? undefined : decodeService(body);
    if (record?.fields.compatibility === 'twilio') return { result: 'already_there' };
    if (record !== undefined)
      throw new CountersignError('conflict', 'a service of this id is there without `compatibility`; set it to `twilio` first');
    // One that was deleted is made anew.
    return { ...create(undefined, now), result: 'made' };
  };
}

/** Changes a service; undefined where there is none. A patch that changes nothing writes nothing. @throws as {@link decideCreateService}. */
export function decideUpdateService(patch: unknown, { id, deployment, by }: ServiceAct): Decide<ServiceSettings | undefined> {
  return (body, clock) => {
    const record = body === undefined ? undefined : decodeService(body);
    if (record === undefined) return { result: undefined };
    // Later than the last in any case: what is made of the settings is remembered by id and time.
    const now = Math.max(clock, record.updatedAt + 1);
    const fields = parseServicePatch(patch, record.fields, { deployment, now: clock });
    const changed = Object.keys(fields).filter((name) => !isDeepStrictEqual(toPlain(fields, name), toPlain(record.fields, name)));
    if (changed.length === 0) return { result: toServiceSettings(id, record) };
    const entry = toActEntry('service_updated', id, clock, { by, fields: changed, ...(changed.includes('test') && describeTest(fields)) });
    return { ...write(id, { ...record, fields, updatedAt: now }), entries: [entry] };
  };
}

/** Deletes a service; false where there is none. What is left says that it was one, and goes with the next sweep. */
export function decideDeleteService({ id, by }: Omit<ServiceAct, 'deployment'>): Decide<boolean> {
  return (body, now) => {
    if (body === undefined || decodeService(body) === undefined) return { result: false };
    // Nothing follows from its going: ids are random, and none is made twice.
    return { result: true, next: { body: encodeDeletedService(now), expiresAt: now }, entries: [toActEntry('service_deleted', id, now, { by })] };
  };
}

function write(id: string, record: ServiceRecord): Decision<ServiceSettings> {
  return { result: toServiceSettings(id, record), next: { body: encodeService(record), expiresAt: undefined } };
}

/** How many test numbers and until when, so that the journal shows when a door with a known key was open. */
function describeTest({ test }: ServiceFields): { readonly testNumbers?: number; readonly testUntil?: string } {
  return test === null ? { testNumbers: 0 } : { testNumbers: test.numbers.length, testUntil: test.until };
}

/** Through JSON, as the record is: the two have passed by different ways. */
function toPlain(fields: ServiceFields, name: string): unknown {
  return JSON.parse(JSON.stringify(fields[name as keyof ServiceFields]));
}
