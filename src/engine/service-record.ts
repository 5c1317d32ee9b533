import type { RecordBody, RecordKey } from '../stores/store.ts';
import { isObject } from './faults.ts';
import { createUnpacker } from './packed.ts';
import { readStoredFields } from './parse-service.ts';
import { ADDED_FIELDS, type ServiceFields, type ServiceSettings } from './service-settings.ts';

/** The newest version that this code reads. */
export const SERVICE_SCHEMA: number = 1 + ADDED_FIELDS.length;

/** The first version. */
const PLAIN_SCHEMA = 1;

/** The kind of these records and the partition that they are listed by. */
export const SERVICE_KIND = 'service';

/** One service as a store keeps it. */
export interface ServiceRecord {
  readonly fields: ServiceFields;
  /** Milliseconds of the store's clock. */
  readonly createdAt: number;
  /** The same; every write is later than the one before, if by a millisecond. */
  readonly updatedAt: number;
}

const { open, number, list, damaged } = createUnpacker('this service');

/** Which record a service has. */
export function toServiceKey(id: string): RecordKey {
  return { kind: SERVICE_KIND, partition: SERVICE_KIND, id };
}

/** The text that a store keeps. */
export function encodeService({ fields, createdAt, updatedAt }: ServiceRecord): RecordBody {
  const schema = findSchema(fields);
  const later = ADDED_FIELDS.slice(schema - PLAIN_SCHEMA);
  const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => !later.some((added) => Object.hasOwn(added, name))));
  return JSON.stringify([schema, updatedAt, createdAt - updatedAt, kept]);
}

/**
 * The first version that has a field for all that a service has, so that processes of the version before go on beside those of this one, and do not serve
 * without what they do not know, such as a preset.
 */
function findSchema(fields: ServiceFields): number {
  const isDefault = (added: Partial<ServiceFields>) => Object.entries(added).every(([name, value]) => fields[name as keyof ServiceFields] === value);
  const schema = PLAIN_SCHEMA + 1 + ADDED_FIELDS.findLastIndex((added) => !isDefault(added));
  // The first knows no service without a ladder.
  return fields.ladderSeconds.length > 0 ? schema : Math.max(schema, PLAIN_SCHEMA + 1);
}

/** What is kept of a deleted service until it expires: that it was one. */
export function encodeDeletedService(deletedAt: number): RecordBody {
  return JSON.stringify([PLAIN_SCHEMA, deletedAt]);
}

/**
 * The service in a text; undefined where it was deleted.
 *
 * @throws {CountersignError} `store_unavailable` where the text is no service of ours, or one of a newer version.
 */
export function decodeService(body: RecordBody): ServiceRecord | undefined {
  const packed = open(body, SERVICE_SCHEMA, PLAIN_SCHEMA);
  if (packed.length === 1) {
    number(packed[0]);
    return undefined;
  }
  const [updated, created, kept] = list(packed, 3);
  const updatedAt = number(updated);
  const createdAt = updatedAt + number(created);
  const fields = isObject(kept) ? readStoredFields(Object.assign({}, ...ADDED_FIELDS, kept)) : undefined;
  if (fields === undefined || createdAt > updatedAt) throw damaged();
  return { fields, createdAt, updatedAt };
}

/** A service as its operator sees it. */
export function toServiceSettings(id: string, { fields, createdAt, updatedAt }: ServiceRecord): ServiceSettings {
  return Object.freeze({ id, ...fields, createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() });
}
