import type { RecordBody, RecordKey } from '../stores/store.ts';
import { isObject } from './faults.ts';
import { createUnpacker } from './packed.ts';
import { readStoredFields } from './parse-service.ts';
import { ADDED_FIELDS, type ServiceFields, type ServiceSettings } from './service-settings.ts';

/** The newest version that this code reads. It writes it where a service has what the first has no field for: whoever does not know a preset must not serve without it. */
export const SERVICE_SCHEMA = 2;

/** What is written for every other service, so that processes of the version before go on beside those of this one. */
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
  const added = Object.entries(ADDED_FIELDS);
  const isPlain = added.every(([name, value]) => fields[name as keyof ServiceFields] === value) && fields.ladderSeconds.length > 0;
  const kept = isPlain ? Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(ADDED_FIELDS, name))) : fields;
  return JSON.stringify([isPlain ? PLAIN_SCHEMA : SERVICE_SCHEMA, updatedAt, createdAt - updatedAt, kept]);
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
  const fields = isObject(kept) ? readStoredFields({ ...ADDED_FIELDS, ...kept }) : undefined;
  if (fields === undefined || createdAt > updatedAt) throw damaged();
  return { fields, createdAt, updatedAt };
}

/** A service as its operator sees it. */
export function toServiceSettings(id: string, { fields, createdAt, updatedAt }: ServiceRecord): ServiceSettings {
  return Object.freeze({ id, ...fields, createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() });
}
